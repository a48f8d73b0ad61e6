"""The cookie that a session is known by, and the one of a sign-in that is not over."""

from datetime import timedelta

from fastapi import Response

from studio_svc.domain.browser_session import LIFETIME
from studio_svc.settings import StudioSettings


def set_cookie(response: Response, settings: StudioSettings, secret: str) -> None:
    """Let the browser show `secret` from now on."""
    _keep(response, settings, settings.cookie, secret, LIFETIME)


def forget_cookie(response: Response, settings: StudioSettings) -> None:
    """Let the browser forget it."""
    _forget(response, settings, settings.cookie)


def sign_in_cookie(settings: StudioSettings) -> str:
    """Return the name of the cookie that a sign-in is known by while it is elsewhere."""
    return f"{settings.cookie}-sign-in"


def keep_sign_in(
    response: Response, settings: StudioSettings, kept: str, lifetime: timedelta
) -> None:
    """Let the browser show `kept` when it comes back."""
    _keep(response, settings, sign_in_cookie(settings), kept, lifetime)


def forget_sign_in(response: Response, settings: StudioSettings) -> None:
    """Let the browser forget it."""
    _forget(response, settings, sign_in_cookie(settings))


def _keep(
    response: Response, settings: StudioSettings, name: str, value: str, lifetime: timedelta
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lifetime.total_seconds()),
        secure=settings.profile == "production",
        httponly=True,
        samesite="lax",
    )


def _forget(response: Response, settings: StudioSettings, name: str) -> None:
    response.delete_cookie(
        name, secure=settings.profile == "production", httponly=True, samesite="lax"
    )
