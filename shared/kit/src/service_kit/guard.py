"""Refuses what no route can read: too large or slow a body, a NUL in the address, a coding."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.content_coding import accepted, content_coding, unpacked
from service_kit.errors import MalformedError, ServiceError, TooLargeError, UpstreamError
from service_kit.patience import (
    BODY_BYTES_PER_SECOND,
    BODY_SECONDS,
    LINGER_IDLE_SECONDS,
    LINGER_SECONDS,
    MAX_BYTES_IN_FLIGHT,
)
from service_kit.problem import problem_response

MAX_BODY_BYTES = 64 * 1024
"""Of a route whose valid bodies are all shorter."""
LONG_BODY_BYTES = 1024 * 1024
"""Of one where they may be longer. A body that says it is larger is refused before its token."""


@dataclass(frozen=True, slots=True)
class UploadRoute:
    """A route that takes files: `POST` to a path that matches `path` as a whole."""

    path: re.Pattern[str]
    max_body_bytes: int
    in_memory: bool = False
    """Whether the route reads its bodies whole: else they go to disk as they come."""


class RequestTimeoutError(ServiceError):
    """The request did not come in time."""

    status = 408
    slug = "request-timeout"


class FramingError(MalformedError):
    """The request says in two ways where its body ends."""


class TooMuchInFlightError(UpstreamError):
    """Too much is being sent to this service at once; try again later."""

    slug = "too-much-in-flight"


class RequestGuard:
    """Counts and times the body as it arrives, whatever `Content-Length` says; again unpacked."""

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int = MAX_BODY_BYTES,
        long_bodies: re.Pattern[str] | None = None,
        uploads: UploadRoute | None = None,
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._long_bodies = long_bodies
        self._uploads = uploads
        self._held = _Room()
        self._held_uploads = _Room(2, self._held)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        upload, headers = self._upload(scope), Headers(scope=scope)
        max_bytes = upload.max_body_bytes if upload else self._max_bytes(scope["path"])
        try:
            _check(scope, headers, max(max_bytes, LONG_BODY_BYTES))
            coding = content_coding(headers.get("content-encoding", ""))
        except ServiceError as error:
            framing = {"Connection": "close"} if isinstance(error, FramingError) else {}
            await problem_response(error, {**accepted(error), **framing})(scope, receive, send)
            return
        arriving = _Arriving(receive, max_bytes, _announced(headers))
        receive = arriving.receive
        if coding is not None:
            receive = unpacked(receive, coding, max_bytes)
        in_memory = upload is None or upload.in_memory
        room = self._held_uploads if upload else self._held
        body = _Held(receive, room) if in_memory else None
        try:
            await self._app(
                scope, body.receive if body else receive, arriving.closing(headers, send)
            )
        finally:
            if body:
                room.give_back(body.held_bytes)

    def _max_bytes(self, path: str) -> int:
        is_long = self._long_bodies and self._long_bodies.fullmatch(path)
        return LONG_BODY_BYTES if is_long else self._max_body_bytes

    def _upload(self, scope: Scope) -> UploadRoute | None:
        uploads = self._uploads
        is_upload = uploads and scope["method"] == "POST" and uploads.path.fullmatch(scope["path"])
        return uploads if is_upload else None


def _check(scope: Scope, headers: Headers, max_bytes: int) -> None:
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise MalformedError("The address must not contain NUL characters.")
    if "transfer-encoding" in headers and "content-length" in headers:
        # A proxy before us may have read it in the other way (RFC 9112 §6.3).
        raise FramingError("Send Content-Length or Transfer-Encoding, not both.")
    if _announced(headers) > max_bytes:
        raise TooLargeError(_too_large(max_bytes))


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


def _too_large(max_bytes: int) -> str:
    return f"The body may have at most {max_bytes} bytes."


class _Room:
    """What bodies may take together: all of it, or a part."""

    def __init__(self, divisor: int = 1, whole: "_Room | None" = None) -> None:
        self._divisor = divisor
        self._whole = whole
        self._taken_bytes = 0

    def take(self, size: int) -> None:
        self._taken_bytes += size
        if self._whole:
            self._whole.take(size)
        if size > 0 and self._taken_bytes > MAX_BYTES_IN_FLIGHT // self._divisor:
            raise TooMuchInFlightError("Send this again later, or less at once.")

    def give_back(self, size: int) -> None:
        self._taken_bytes -= size
        if self._whole:
            self._whole.give_back(size)


class _Held:
    """A body that stays in memory, unpacked."""

    def __init__(self, receive: Receive, room: _Room) -> None:
        self._receive = receive
        self._room = room
        self.held_bytes = 0

    async def receive(self) -> Message:
        """Return the next part.

        Raises:
            TooMuchInFlightError: all bodies together are too large.
        """
        message = await self._receive()
        size = len(message.get("body", b""))
        self.held_bytes += size
        self._room.take(size)
        return message


class _Arriving:
    """A body as it arrives."""

    def __init__(self, receive: Receive, max_bytes: int, announced_bytes: int) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._announced_bytes = announced_bytes
        self._began_at = monotonic()
        self._received_bytes = 0
        self._is_whole = False

    async def receive(self) -> Message:
        """Return the next part.

        Raises:
            TooLargeError: it is larger than this route takes.
            RequestTimeoutError: it takes too long.
        """
        if self._announced_bytes > self._max_bytes:
            raise TooLargeError(_too_large(self._max_bytes))
        if self._is_whole:
            return await self._receive()
        message = await self._in_time()
        size = len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        self._received_bytes += size
        if self._received_bytes > self._max_bytes:
            raise TooLargeError(_too_large(self._max_bytes))
        return message

    async def _in_time(self) -> Message:
        seconds = BODY_SECONDS + self._received_bytes / BODY_BYTES_PER_SECOND
        left = self._began_at + seconds - monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                return await self._receive()
        except TimeoutError:
            raise RequestTimeoutError(
                f"The body has {BODY_SECONDS} s, and a second more for each"
                f" {BODY_BYTES_PER_SECOND:,} bytes."
            ) from None

    def closing(self, headers: Headers, send: Send) -> Send:
        """Return a `send` that ends the connection if the body was not read to its end."""
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

        async def close(message: Message) -> None:
            if self._is_whole or not has_body:
                await send(message)
            elif message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
                await send(message)
            else:
                await send({**message, "more_body": True})
                if not message.get("more_body", False):
                    await self._linger()
                    await send({"type": "http.response.body"})

        return close

    async def _linger(self) -> None:
        """Read on for a while: a connection closed while its client sends may lose the answer."""
        left = max(self._max_bytes, LONG_BODY_BYTES)
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0:
                    async with asyncio.timeout(LINGER_IDLE_SECONDS):
                        message = await self._receive()
                    if not message.get("more_body", False):
                        break
                    left -= len(message["body"])
