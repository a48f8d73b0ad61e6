"""What we use: the database, and the services behind the gateway."""
