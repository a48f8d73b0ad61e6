"""What commands assume when nothing else is said."""

from pathlib import Path

DATA_DIR = Path(".dramatis")
WORKSPACE = "demo"
ISSUER = AUDIENCE = "dramatis"
"""Of the tokens that the embedded stack signs."""
