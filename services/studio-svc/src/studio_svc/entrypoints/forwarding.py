"""Requests to services behind the gateway: bodies and answers flow as they come, both ways."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from persona_client.tasks import cancelled
from service_kit.request_ids import REQUEST_ID_HEADER
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from structlog.contextvars import get_contextvars

from studio_svc.adapters.http_services import HttpServices

NOT_SENT: Final = frozenset(
    {b"host", b"cookie", b"authorization", b"origin", b"referer", b"request-id", b"accept-encoding"}
)
"""What is between the browser and this service alone, or is set anew."""
NOT_ANSWERED: Final = frozenset({b"date", b"server", b"set-cookie", b"x-content-type-options"})
"""What this service says itself, or alone."""


class BrowserGoneError(Exception):
    """The browser has left in the middle of its request."""


class _Body:
    """The body of a request as it arrives; after it, the news that the browser has left."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self.is_there = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        self._receive = receive
        self._is_over = asyncio.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the parts.

        Raises:
            BrowserGoneError: there will be no more.
        """
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise BrowserGoneError
            more = message.get("more_body", False)
            if part := message.get("body"):
                yield part
        self._is_over.set()

    async def browser_leaves(self) -> None:
        """Return when the browser has left; it is not asked before the body is over."""
        if self.is_there:
            await self._is_over.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Forwarder:
    """Sends one request on to a service, and its answer back."""

    def __init__(self, services: HttpServices, service: str, authorization: str) -> None:
        self._services = services
        self._service = service
        self._authorization = authorization

    async def __call__(self, scope: Scope, target: bytes, receive: Receive, send: Send) -> None:
        """Serve the request; if the browser leaves, the service's answer is closed at once.

        Raises:
            ServiceUnavailableError: the service does not answer.
        """
        body = _Body(Headers(scope=scope), receive)
        answering = asyncio.create_task(self._answer(scope, target, body, send))
        leaving = asyncio.create_task(body.browser_leaves())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_answered = answering.done()
            await cancelled([answering, leaving])
        if is_answered:
            answering.result()

    async def _answer(self, scope: Scope, target: bytes, body: _Body, send: Send) -> None:
        parts = body.parts() if body.is_there else None
        headers = self._headers(scope)
        try:
            answer = await self._services.ask(
                self._service, scope["method"], target, headers, parts
            )
        except BrowserGoneError:
            return
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": answer.status,
                    "headers": [
                        (name.lower(), value)
                        for name, value in answer.headers
                        if name.lower() not in NOT_ANSWERED
                    ],
                }
            )
            async for part in answer.parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            await answer.parts.aclose()

    def _headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        sent = [
            (name, value)
            for name, value in scope["headers"]
            if name not in NOT_SENT and not name.startswith((b"sec-", b"x-forwarded-"))
        ]
        coding = Headers(scope=scope).get("accept-encoding", "identity")
        request_id = str(get_contextvars().get("request_id", ""))
        return [
            *sent,
            (b"authorization", self._authorization.encode("latin-1")),
            (b"accept-encoding", coding.encode("latin-1")),
            (REQUEST_ID_HEADER.encode(), request_id.encode()),
        ]
