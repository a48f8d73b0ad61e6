"""What things are: pure Python, no I/O, no framework."""
