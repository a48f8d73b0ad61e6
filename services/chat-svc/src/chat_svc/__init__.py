"""chat-svc: conversations in which a persona answers."""
