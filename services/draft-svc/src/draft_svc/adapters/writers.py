"""Which writer the settings ask for."""
