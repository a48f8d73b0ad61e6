"""Errors below OpenAI's address, told twice: as problems, and as OpenAI's programs read them."""

import json
from typing import Any, Final

from service_kit.problem import MEDIA_TYPE
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX: Final = "/api/openai/"
_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class OpenAIErrors:
    """Adds OpenAI's `error` to each problem below PREFIX, whoever tells of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_openai = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await self._app(scope, receive, _Problems(send).send if is_openai else send)


class _Problems:
    """What one request is answered; a problem is held back until it is whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer."""
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        start, self._start = self._start, None
        body = _with_error(self._body)
        MutableHeaders(raw=start["headers"])["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({**message, "body": body})


def _is_problem(start: Message) -> bool:
    return MutableHeaders(raw=start["headers"]).get("Content-Type", "").startswith(MEDIA_TYPE)


def _with_error(body: bytes) -> bytes:
    if not body:
        return body
    problem: dict[str, Any] = json.loads(body)
    status: int = problem["status"]
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {
        "message": problem["detail"] or problem["title"],
        "type": _TYPES.get(status, kind),
        "code": problem["type"].rpartition(":")[2].replace("-", "_"),
        "param": problem["errors"][0]["field"] if problem.get("errors") else None,
    }
    return json.dumps({**problem, "error": error}, ensure_ascii=False).encode()
