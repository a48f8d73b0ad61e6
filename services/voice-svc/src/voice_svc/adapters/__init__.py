"""What we use: the database, the speech vendor."""
