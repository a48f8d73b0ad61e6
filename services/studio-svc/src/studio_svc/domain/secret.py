"""What a browser proves itself by: known here only as its digest."""

import secrets
from hashlib import sha256
from typing import Final

BYTES: Final = 32
MAX_CHARS: Final = 64


def new_secret() -> str:
    """Return a text that nobody can guess."""
    return secrets.token_urlsafe(BYTES)


def digest(secret: str) -> bytes:
    """Return what the store knows of a secret."""
    return sha256(secret.encode()).digest()
