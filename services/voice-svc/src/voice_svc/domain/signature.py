"""Webhook signatures: `ElevenLabs-Signature: t=<unix seconds>,v0=<hex>`.

`v0` is the HMAC-SHA256 of `{t}.{body}`. The vendor's own verifier refuses bodies of bytes, takes
times of years ahead and compares in a time that tells how much is right; this one does not.
"""

import hmac
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from service_kit.errors import UnauthenticatedError

_TIME = re.compile(r"[0-9]{1,11}")


class SignatureRefusedError(UnauthenticatedError):
    """The body is not signed with our webhook secret, or not now."""

    slug = "signature-refused"


def verify_signature(header: str, body: bytes, secret: str) -> datetime:
    """Return when `body` was signed with `secret`; whether that is recent is another question.

    Raises:
        SignatureRefusedError: it was not, or the header cannot be read.
    """
    time, given = signatures(header)
    expected = hmac.new(secret.encode(), time.encode() + b"." + body, sha256).hexdigest()
    matches = [hmac.compare_digest(expected.encode(), each) for each in given]
    if not any(matches):
        raise SignatureRefusedError("The signature is not that of this body.")
    return datetime.fromtimestamp(int(time), UTC)


def signatures(header: str) -> tuple[str, list[bytes]]:
    """Return when it says that a body was signed, and each signature.

    Raises:
        SignatureRefusedError: the header cannot be read.
    """
    fields = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in fields if name == "t"]
    given = [value.lower().encode() for name, _, value in fields if name == "v0"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not given:
        raise SignatureRefusedError("Send ElevenLabs-Signature: t=<unix seconds>,v0=<hex>.")
    return times[0], given


def require_recent(signed_at: datetime, now: datetime, window: timedelta) -> None:
    """Refuse what was signed more than `window` ago, or ahead.

    Raises:
        SignatureRefusedError: it was.
    """
    if abs(now - signed_at) > window:
        raise SignatureRefusedError("The signature is too old, or of the future.")
