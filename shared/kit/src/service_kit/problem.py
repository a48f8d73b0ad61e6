"""Every error leaves HTTP as `application/problem+json` (RFC 9457), the framework's own too."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog import get_logger

from service_kit.api_keys import without_keys
from service_kit.errors import (
    FieldError,
    InvalidError,
    MalformedError,
    NotFoundError,
    PreconditionRequiredError,
    ServiceError,
    UpstreamError,
)
from service_kit.errors_page import help_for
from service_kit.store import is_away
from service_kit.tracing import current_trace_id

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
MAX_NAME_CHARS = 100
"""How much of a field's name a problem repeats: unknown ones are as long as the caller likes."""
MAX_DETAIL_CHARS = 4_000
MAX_ERRORS = 100
"""How many errors a problem names; `detail` says how many more there are."""
IF_MATCH = ("header", "If-Match")
SOURCES = {"body", "query", "path", "header", "cookie"}
_DOCUMENT = TypeAdapter(dict[str, Any])

log = get_logger(__name__)


class InternalError(ServiceError):
    """The service failed."""


class RouteNotFoundError(NotFoundError):
    """There is nothing at this address."""

    slug = "route-not-found"


class MethodNotAllowedError(ServiceError):
    """This address does not know the method."""

    status = 405
    slug = "method-not-allowed"


class UnsupportedMediaTypeError(ServiceError):
    """The body must be JSON."""

    status = 415
    slug = "unsupported-media-type"


class DatabaseUnavailableError(UpstreamError):
    """The database cannot be reached; try again later."""

    slug = "database-unavailable"


class FieldProblem(BaseModel):
    """What is wrong with one field of the input, and the fix."""

    field: str
    message: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it; some kinds add members, such as `current` of a 412."""

    model_config = ConfigDict(
        extra="allow",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:dramatis:problem:invalid",
                    "title": "The input breaks a rule.",
                    "status": 422,
                    "detail": "name: is required",
                    "help": "/docs/errors#invalid",
                    "errors": [{"field": "name", "message": "is required"}],
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    help: str
    """Where cause and fix are explained, at the host that has answered."""
    errors: list[FieldProblem] = Field(default=[], max_length=MAX_ERRORS)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` that declare these statuses as problem documents."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def problem_response(error: ServiceError, headers: Mapping[str, str] | None = None) -> Response:
    """Render `error` as a problem document."""
    document: dict[str, object] = {
        **error.extra,
        "type": f"urn:dramatis:problem:{error.slug}",
        "title": error.title(),
        "status": error.status,
        "detail": _shortened(without_keys(str(error)), MAX_DETAIL_CHARS)
        + _and_more(len(error.errors)),
        "help": help_for(error.slug),
    }
    if error.errors:
        document["errors"] = [
            FieldError(_shortened(each.field, MAX_NAME_CHARS), each.message)
            for each in error.errors[:MAX_ERRORS]
        ]
    return Response(_DOCUMENT.dump_json(document), error.status, headers, media_type=MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every exception of `app` leave as a problem document."""
    for kind in (ServiceError, RequestValidationError, HTTPException, SQLAlchemyError):
        app.add_exception_handler(kind, _answer)
    app.add_middleware(UnexpectedErrors)


class UnexpectedErrors:
    """Answers what no handler knows with a bare 500; the traceback goes to the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if started:
                raise
            response = await _answer(Request(scope, receive), error)
            await response(scope, receive, send)


async def _answer(request: Request, error: Exception) -> Response:
    known = service_error_of(request, error)
    headers = {**getattr(request.state, "limit_headers", {}), **known.headers}
    if isinstance(error, HTTPException) and error.headers:
        headers.update(error.headers)
    if known.status == 401:
        rejected = ', error="invalid_token"' if request.headers.get("authorization") else ""
        headers["WWW-Authenticate"] = f'Bearer realm="dramatis"{rejected}'
    elif known.status == 405:
        headers["Allow"] = ", ".join(_methods_at(request))
    elif known.status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        log.warning("request.unavailable", problem=known.slug, reason=type(error).__name__)
    return problem_response(known, headers)


def service_error_of(request: Request, error: Exception) -> ServiceError:
    """Return what an exception, also one of the framework or the database, is told as."""
    match error:
        case ServiceError() if error.status != 500:
            known = error
        case RequestValidationError():
            known = _input_error(error)
        case HTTPException() if isinstance(error.__cause__, ServiceError):
            known = error.__cause__  # FastAPI puts its own around what reading a body raises
        case HTTPException():
            known = _framework_error(request, error)
        case SQLAlchemyError() if is_away(error):
            known = DatabaseUnavailableError("The database does not answer.")
        case DataError():
            log.warning("request.not_storable", path=request.url.path, exc_info=error)
            known = InvalidError("A value cannot be stored: a NUL, or a number out of range.")
        case _:
            log.error("request.crashed", path=request.url.path, exc_info=error)
            detail = "An unexpected error: the service's log has it under the trace id."
            known = InternalError(detail, extra={"trace_id": current_trace_id()})
    return known


def _framework_error(request: Request, error: HTTPException) -> ServiceError:
    path = request.url.path
    match error.status_code:
        case 404:
            return RouteNotFoundError(f"There is nothing at {path}.")
        case 405:
            return MethodNotAllowedError(f"{request.method} is not allowed on {path}.")
        case status if status < 500:
            return MalformedError("The body is not JSON in UTF-8.")
        case _:
            return InternalError("The service failed.")


def _input_error(error: RequestValidationError) -> ServiceError:
    causes = error.errors()
    if any(cause["type"] == "json_invalid" for cause in causes):
        cause = causes[0]
        return MalformedError(
            f"The body is not JSON: {cause['ctx']['error']} at character {cause['loc'][-1]}."
        )
    if any(cause["type"] == "missing" and cause["loc"] == IF_MATCH for cause in causes):
        return PreconditionRequiredError("Send If-Match with the ETag that you read, or `*`.")
    if isinstance(error.body, bytes):
        return UnsupportedMediaTypeError("Send JSON, as content-type application/json.")
    errors = [FieldError(_field(cause["loc"]), _message(cause)) for cause in causes[:MAX_ERRORS]]
    more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
    first = _shortened(f"{errors[0].field}: {errors[0].message}", MAX_DETAIL_CHARS // 2)
    return InvalidError(f"{first}{more}", errors=errors)


def _and_more(count: int) -> str:
    return f" (and {count - MAX_ERRORS} more)" if count > MAX_ERRORS else ""


def _shortened(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"


def _field(location: Sequence[str | int]) -> str:
    parts = location[1:] if location[0] in SOURCES and len(location) > 1 else location
    return ".".join(str(part) for part in parts)


def _message(cause: Mapping[str, Any]) -> str:
    """Give the fix; never repeat the input, which may be private."""
    match cause["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a known field: remove it or check its spelling"
        case "value_error":
            return str(cause["ctx"]["error"])
        case _:
            return cause["msg"]


def _methods_at(request: Request) -> list[str]:
    """All methods of an address: the framework names those of one route only."""
    methods = {
        method
        for context in iter_route_contexts(request.app.routes)
        if (pattern := getattr(context, "path_regex", None)) and pattern.match(request.url.path)
        for method in context.methods or ()
    }
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
