"""A request is one transaction: it commits when the answer is ready, before it is sent."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Request, Response, params
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from service_kit import audit, idempotency
from service_kit.identity import Principal, authenticate, authenticated, entry_of
from service_kit.in_turn import Turn, is_in_turn, part_by_part
from service_kit.json_bodies import JsonRequest
from service_kit.persona_dependencies import at_least
from service_kit.problem import problem_responses
from service_kit.rate_limits import RateLimits
from service_kit.store import Session, Store

KEY_PATTERN = r"^[\x20-\x7e]+$"
Handle = Callable[[Request], Coroutine[Any, Any, Response]]
BeforeAnswer = Callable[[Response], Awaitable[None]]
DepsT = TypeVar("DepsT")


class ApiRoute(APIRoute):
    """Knows the caller before it reads the body; does what `before_answer` was told in time.

    What a request changes stands in the audit trail: `_open` writes it with the change, or, of a
    route without a `WorkspaceSession`, `Recorder.record` in the use case's transaction.
    """

    def get_route_handler(self) -> Handle:
        """Return the handler that FastAPI runs inside its function-scoped dependencies."""
        handle, entry = super().get_route_handler(), entry_of(self.dependant, self.path_format)
        if is_in_turn(self.dependant):
            handle = _in_turn(handle)
        if self.body_field is not None and not isinstance(self.body_field.field_info, params.Form):
            handle = _with_json(handle)

        async def handle_once(request: Request) -> Response:
            await authenticate(request, entry)
            limits: RateLimits = request.app.state.rate_limits
            headers = request.state.limit_headers = limits.spend(request.state.principal)
            request.state.before_answer = steps = list[BeforeAnswer]()
            is_read = request.method in audit.SAFE_METHODS or entry.changes_nothing
            request.state.is_audited = is_read
            try:
                response = await handle(request)
            except idempotency.AnsweredBefore as answered:
                answered.response.headers.update(headers)
                return answered.response
            for step in reversed(steps):
                await step(response)
            if not request.state.is_audited:
                await _record_alone(request, response)
            response.headers.update(headers)
            return response

        return handle_once


def _with_json(handle: Handle) -> Handle:
    async def handle_json(request: Request) -> Response:
        with_json = JsonRequest(request.scope, request.receive)
        try:
            await with_json.require_few_values()
            return await handle(with_json)
        finally:
            with_json.forget()

    return handle_json


def _in_turn(handle: Handle) -> Handle:
    async def handle_in_turn(request: Request) -> Response:
        turn: Turn = request.app.state.turns.of(request.state.principal.workspace_id)
        async with turn:
            response = await handle(request)
        if isinstance(response, StreamingResponse):
            response.body_iterator = part_by_part(response.body_iterator, turn)
        return response

    return handle_in_turn


def before_answer(request: Request, step: BeforeAnswer) -> None:
    """Have `step` see, and perhaps complete, the rendered answer in the request's transaction.

    The last one told is the first one done, so that what is kept for a repeat is complete.
    """
    request.state.before_answer.append(step)


def api_router(prefix: str, tag: str) -> APIRouter:
    """Return the router of a resource; `prefix` is its whole path, such as `/api/personas`."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=ApiRoute,
        dependencies=[Depends(at_least)],
        responses=problem_responses(400, 401, 403, 413, 415, 422, 429, 503),
    )


def deps_of(kind: type[DepsT]) -> Callable[[Request], Coroutine[Any, Any, DepsT]]:
    """Return the FastAPI dependency that gives routes what `Service.run` was given."""

    async def deps(request: Request) -> DepsT:
        found = request.app.state.deps
        if not isinstance(found, kind):
            raise TypeError(f"the service runs with {type(found).__name__}, not {kind.__name__}")
        return found

    return deps


async def _record_alone(request: Request, response: Response) -> None:
    """Tell the audit trail of what changed outside of this service's database."""
    principal: Principal = request.state.principal
    async with request.app.state.store.workspace(principal.workspace_id) as session:
        await audit.add_request(session, request, principal, response)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Tells the audit trail of a request whose change has a transaction of the use case."""

    request: Request
    principal: Principal

    async def record(self, session: Session) -> None:
        """Store who does this, in the transaction of the change."""
        await audit.add_request(session, self.request, self.principal, None)
        self.request.state.is_audited = True


async def _recorder(
    request: Request, principal: Annotated[Principal, Depends(authenticated)]
) -> Recorder:
    return Recorder(request, principal)


AuditRecorder = Annotated[Recorder, Depends(_recorder)]


async def _open(
    request: Request, principal: Annotated[Principal, Depends(authenticated)]
) -> AsyncGenerator[Session]:
    store: Store = request.app.state.store
    async with store.workspace(principal.workspace_id, principal.persona_ids) as session:
        if not request.state.is_audited:

            async def record(response: Response) -> None:
                await audit.add_request(session, request, principal, response)

            before_answer(request, record)
            request.state.is_audited = True
        yield session


WorkspaceSession = Annotated[Session, Depends(_open, scope="function")]
"""The request's transaction, in the caller's workspace. It is rolled back by any error."""


async def _claim(
    request: Request,
    principal: Annotated[Principal, Depends(authenticated)],
    session: WorkspaceSession,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            pattern=KEY_PATTERN,
            description="Any text of your own: sent again within 24 hours, the request gets the"
            " first answer instead of acting twice.",
        ),
    ] = None,
) -> Session:
    if idempotency_key is not None:
        await idempotency.claim(session, request, principal, idempotency_key)

        async def keep(response: Response) -> None:
            await idempotency.keep(session, principal, idempotency_key, response)

        before_answer(request, keep)
    return session


IdempotentSession = Annotated[Session, Depends(_claim)]
"""A `WorkspaceSession` for routes that create: it also honours `Idempotency-Key`."""
