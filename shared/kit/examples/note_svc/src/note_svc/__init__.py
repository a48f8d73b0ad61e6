"""note-svc: a note for each reply, as an example."""
