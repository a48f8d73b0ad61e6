"""One request to the stand-in: who asks, is it as the document says, does it go wrong."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service_devkit.vendors.contract import VendorContract
from service_devkit.vendors.elevenlabs.account import Account, Json, VendorError
from service_devkit.vendors.elevenlabs.faults import Fault

FAKE_HEADER = "x-fake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an operation is given."""

    account: Account
    params: dict[str, str]
    query: dict[str, str]
    body: Json
    fault: Fault | None
    """For an operation that sends audio."""


Operation = Callable[[Call], Awaitable[Json | Response | None]]


@dataclass(frozen=True, slots=True)
class Server:
    """The account behind its key, and the document that judges."""

    account: Account
    key: str
    contract: VendorContract | None

    def route(self, name: str, operation: Operation) -> Route:
        """Return the route of an operation; its name is a method and the document's path."""
        method, path = name.split()

        async def serve(request: Request) -> Response:
            return await self._serve(request, name, operation)

        return Route(path, serve, methods=[method])

    async def _serve(self, request: Request, name: str, operation: Operation) -> Response:
        self.account.requests[name] += 1
        fault = self.account.faults.take(name)
        if fault is not None and not fault.after:
            return faulty(fault, None)
        try:
            answer = await self._carry_out(request, name, operation, fault)
        except VendorError as error:
            answer = JSONResponse(error.body, error.status)
        is_ok = answer.status_code < 400 and not isinstance(answer, Streamed)
        return faulty(fault, answer) if fault is not None and is_ok else answer

    async def _carry_out(
        self, request: Request, name: str, operation: Operation, fault: Fault | None
    ) -> Response:
        if request.headers.get("xi-api-key") != self.key:
            raise VendorError(401, "invalid_api_key", "Invalid API key")
        body = await _json(request)
        wrong = self._request_errors(name, body) if request.method in {"POST", "PATCH"} else []
        if wrong:
            self._note(name, "request", wrong)
            return _unprocessable(wrong)
        answer = await operation(
            Call(
                account=self.account,
                params=dict(request.path_params),
                query=dict(request.query_params),
                body=body,
                fault=fault,
            )
        )
        return answer if isinstance(answer, Response) else self._checked(name, answer)

    def _checked(self, name: str, document: Json | None) -> Response:
        if document is None:
            return Response(status_code=204, headers={FAKE_HEADER: "elevenlabs"})
        if self.contract is not None:
            method, path = name.split()
            self._note(name, "answer", self.contract.answer_errors(method, path, 200, document))
        return JSONResponse(document, headers={FAKE_HEADER: "elevenlabs"})

    def _request_errors(self, name: str, body: Json) -> list[str]:
        if self.contract is None:
            return []
        method, path = name.split()
        return self.contract.request_errors(method, path, body)

    def _note(self, name: str, part: str, errors: list[str]) -> None:
        self.account.violations += [f"{name} {part}: {error}" for error in errors]


class Streamed(Response):
    """An answer that deals with its fault itself."""


class Hanging(Response):
    """No answer, until the client has gone."""

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        """Wait."""
        await gone(receive)


class Half(Response):
    """Half of an answer that announces the whole of it; then the connection ends."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the half."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def gone(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def faulty(fault: Fault, answer: Response | None) -> Response:
    """Return what is sent instead of `answer`."""
    if fault.kind == "hang":
        return Hanging()
    if fault.kind == "half":
        body = bytes(answer.body) if answer is not None and answer.body else b'{"half": true}'
        return Half(body, media_type="application/json")
    status, headers, document = fault.answer()
    return JSONResponse(document, status, headers=dict(headers))


async def _json(request: Request) -> Json:
    text = await request.body()
    try:
        document: Any = json.loads(text or b"{}")
    except ValueError:
        raise VendorError(400, "bad_request", "The body is no JSON.") from None
    if not isinstance(document, dict):
        raise VendorError(422, "invalid", "The body is no object.")
    return document  # pyright: ignore[reportUnknownVariableType] — JSON


def _unprocessable(errors: list[str]) -> Response:
    detail = [
        {"loc": ["body", *error.partition(": ")[0].split(".")], "msg": error, "type": "value_error"}
        for error in errors
    ]
    return JSONResponse({"detail": detail}, 422)
