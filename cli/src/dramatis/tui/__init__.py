"""`dramatis tui`: lists, details and every action of the command, full screen in a terminal."""
