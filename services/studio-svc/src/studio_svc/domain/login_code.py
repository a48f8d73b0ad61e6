"""The code of a one-time link."""

from datetime import timedelta
from typing import Final

from service_kit.errors import ForbiddenError

LIFETIME: Final = timedelta(minutes=10)


class LoginCodeRefusedError(ForbiddenError):
    """The link has been used, or is too old."""

    slug = "login-code-refused"


class EmbeddedLoginOnlyError(ForbiddenError):
    """One-time links exist in the embedded profile only."""

    slug = "embedded-login-only"
