"""A service with one table, to measure the kit with."""
