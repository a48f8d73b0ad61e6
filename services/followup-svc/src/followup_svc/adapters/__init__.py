"""What we use: one noun per file."""
