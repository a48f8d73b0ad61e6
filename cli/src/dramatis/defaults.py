"""The defaults of commands."""

from pathlib import Path

DATA_DIR = Path(".dramatis")
WORKSPACE = "demo"
ISSUER = AUDIENCE = "dramatis"
"""Of the tokens that the embedded stack signs."""
