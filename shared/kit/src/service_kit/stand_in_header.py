"""Every answer says so when something behind it is not the real thing."""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Fake"


class StandInHeader:
    """Adds HEADER with the names of the stand-ins to each answer, whatever it is."""

    def __init__(self, app: ASGIApp, stand_ins: Sequence[str]) -> None:
        self._app = app
        self._names = ", ".join(stand_ins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = self._names
            await send(message)

        await self._app(scope, receive, mark)
