"""What we use: the database, the broker, the model."""
