"""The cookie that a session is known by."""

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
