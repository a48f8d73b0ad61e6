"""A service with the kit's tables and one of its own, for the kit's tests."""
