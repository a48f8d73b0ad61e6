"""Every answer has a `Request-Id`, which also stands in what is logged of its request."""

import re
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

REQUEST_ID_HEADER: Final = "Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""What is taken from a caller: nothing that could end a line of a log."""


class RequestIds:
    """Takes the caller's id where it is one, else makes one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _GIVEN.fullmatch(given) else str(uuid4())

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        with bound_contextvars(request_id=request_id):
            await self._app(scope, receive, mark)
