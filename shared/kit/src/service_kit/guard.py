"""Refuses what no route can read: too large a body, a NUL in the address."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service_kit.errors import MalformedError, ServiceError, TooLargeError
from service_kit.problem import problem_response

MAX_BODY_BYTES = 1024 * 1024


class RequestGuard:
    """Counts the body as it arrives, whatever `Content-Length` says."""

    def __init__(self, app: ASGIApp, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._too_large = f"The body may have at most {max_body_bytes} bytes."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif error := self._refusal(scope):
            await problem_response(error)(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _refusal(self, scope: Scope) -> ServiceError | None:
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return MalformedError("The address must not contain NUL characters.")
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_body_bytes:
            return TooLargeError(self._too_large)
        return None

    def _counted(self, receive: Receive) -> Receive:
        received_bytes = 0

        async def counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self._max_body_bytes:
                # FastAPI lets no other exception out of reading a body.
                raise HTTPException(413, self._too_large)
            return message

        return counted
