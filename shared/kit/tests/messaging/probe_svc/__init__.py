"""A service with one table, to try the kit with."""
