"""Vendors' servers as far as we use them, for tests and the embedded stack."""
