"""Refuses what no route can read: too large a body, a NUL in the address, an unknown coding."""

import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.content_coding import accepted, content_coding, unpacked
from service_kit.errors import MalformedError, ServiceError, TooLargeError
from service_kit.problem import problem_response

MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadRoute:
    """A route that takes files: `POST` to a path that matches `path` as a whole."""

    path: re.Pattern[str]
    max_body_bytes: int


class RequestGuard:
    """Counts the body as it arrives, whatever `Content-Length` says, and again unpacked."""

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int = MAX_BODY_BYTES,
        uploads: UploadRoute | None = None,
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes, headers = self._max_bytes(scope), Headers(scope=scope)
        try:
            _check(scope, headers, max_bytes)
            coding = content_coding(headers.get("content-encoding", ""))
        except ServiceError as error:
            await problem_response(error, accepted(error))(scope, receive, send)
            return
        receive = _counted(receive, max_bytes)
        if coding is not None:
            receive = unpacked(receive, coding, max_bytes)
        await self._app(scope, receive, send)

    def _max_bytes(self, scope: Scope) -> int:
        uploads = self._uploads
        if uploads and scope["method"] == "POST" and uploads.path.fullmatch(scope["path"]):
            return uploads.max_body_bytes
        return self._max_body_bytes


def _check(scope: Scope, headers: Headers, max_bytes: int) -> None:
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise MalformedError("The address must not contain NUL characters.")
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise TooLargeError(_too_large(max_bytes))


def _too_large(max_bytes: int) -> str:
    return f"The body may have at most {max_bytes} bytes."


def _counted(receive: Receive, max_bytes: int) -> Receive:
    received_bytes = 0

    async def counted() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > max_bytes:
            raise TooLargeError(_too_large(max_bytes))
        return message

    return counted
