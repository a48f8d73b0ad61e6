"""What routes share."""

from typing import Annotated

from fastapi import Depends, Request
from service_kit.routing import deps_of
from starlette.requests import HTTPConnection

from studio_svc.deps import StudioDeps
from studio_svc.domain.browser_session import BrowserSession

_KEY = "browser_session"

Deps = Annotated[StudioDeps, Depends(deps_of(StudioDeps))]


def remember_session(connection: HTTPConnection, session: BrowserSession) -> None:
    """Let the routes know from which session a request comes."""
    setattr(connection.state, _KEY, session)


async def _session_of(request: Request) -> BrowserSession | None:
    return getattr(request.state, _KEY, None)


OfSession = Annotated[BrowserSession | None, Depends(_session_of)]
"""The session that a request comes from; None: it brought a token itself."""
