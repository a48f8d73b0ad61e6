"""The secret that the tool of one persona's agent sends with each question: kept as a hash."""

import hmac
from hashlib import sha256

from service_kit.errors import UnauthenticatedError

_NOBODY = bytes(sha256().digest_size)


class ToolSecretRefusedError(UnauthenticatedError):
    """The tool's secret is not that of this persona."""

    slug = "tool-secret-refused"


def hash_secret(secret: str) -> bytes:
    """Return what is stored of a secret: it has 256 random bits, so one round is enough."""
    return sha256(secret.encode()).digest()


def is_secret(secret: str, stored: bytes | None) -> bool:
    """Return whether `stored` is the hash of `secret`, in the same time whatever they are."""
    return hmac.compare_digest(hash_secret(secret), stored or _NOBODY)
