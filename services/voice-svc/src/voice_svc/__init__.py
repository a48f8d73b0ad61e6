"""voice-svc: every persona with its own voice agent, always in step with it."""
