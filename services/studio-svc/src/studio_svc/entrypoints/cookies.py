"""The cookie that a session is known by, and the one of a sign-in that is not over."""

from datetime import timedelta

from fastapi import Response

from studio_svc.domain.browser_session import LIFETIME
from studio_svc.settings import StudioSettings


def set_cookie(response: Response, settings: StudioSettings, secret: str) -> None:
    """Let the browser show `secret` from now on."""
    response.set_cookie(
        settings.cookie,
        secret,
        max_age=int(LIFETIME.total_seconds()),
        secure=settings.profile == "production",
        httponly=True,
        samesite="lax",
    )


def forget_cookie(response: Response, settings: StudioSettings) -> None:
    """Let the browser forget it."""
    response.delete_cookie(
        settings.cookie,
        secure=settings.profile == "production",
        httponly=True,
        samesite="lax",
    )


def sign_in_cookie(settings: StudioSettings) -> str:
    """Return the name of the cookie that a sign-in is known by while it is elsewhere."""
    return f"{settings.cookie}-sign-in"


def keep_sign_in(
    response: Response, settings: StudioSettings, kept: str, lifetime: timedelta
) -> None:
    """Let the browser show `kept` when it comes back."""
    response.set_cookie(
        sign_in_cookie(settings),
        kept,
        max_age=int(lifetime.total_seconds()),
        secure=settings.profile == "production",
        httponly=True,
        samesite="lax",
    )


def forget_sign_in(response: Response, settings: StudioSettings) -> None:
    """Let the browser forget it."""
    response.delete_cookie(
        sign_in_cookie(settings),
        secure=settings.profile == "production",
        httponly=True,
        samesite="lax",
    )
