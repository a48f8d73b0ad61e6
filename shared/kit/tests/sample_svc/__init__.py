"""A service with the kit's tables and a table beside them, for the kit's tests."""
