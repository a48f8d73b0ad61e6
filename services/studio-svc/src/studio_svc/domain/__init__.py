"""What things are: pure Python."""
