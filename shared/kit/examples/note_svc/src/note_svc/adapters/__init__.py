"""What we use: the database."""
