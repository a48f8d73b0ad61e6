"""JSON logs on standard output: time, level, event, service, trace and span id, and the fields.

Secrets and the texts of people never reach a log (invariant I11): fields of those names are
blanked, URLs lose their credentials, and exceptions show their message only when it is ours.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, cast
from uuid import UUID

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

from service_kit.errors import ServiceError

PRIVATE_KEYS = re.compile(
    r"(?:.*_)?(?:api_key|authorization|body|content|cookie|credentials?|email|passw(?:or)?d"
    r"|private_key|prompt|secret|signature|text|token)",
    re.IGNORECASE,
)
CREDENTIALS = re.compile(
    r"(?<=://)[^/@\s]+(?=@)"  # user:password@
    r"|(?<=\bbearer )\S+"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|dramatis_[0-9A-Za-z]{10,}",  # an API key
    re.IGNORECASE,
)
HIDDEN = "***"
QUIET = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "uvicorn.access": logging.CRITICAL}
"""Loggers that would repeat each request, with its URL."""


def configure_logging(service: str, level: str, stream: TextIO = sys.stdout) -> None:
    """Route structlog and the standard library's logging to `stream`, one JSON object a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service),
        add_trace,
        render_exception,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, quiet_level in QUIET.items():
        logging.getLogger(name).setLevel(quiet_level)


def add_trace(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """Name the span that is active now."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event_dict["trace_id"] = trace.format_trace_id(context.trace_id)
        event_dict["span_id"] = trace.format_span_id(context.span_id)
    return event_dict


def render_exception(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """Replace `exc_info` by `exception`: types and frames of the whole chain."""
    error: Any = event_dict.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    elif isinstance(error, tuple):
        error = cast("tuple[type, BaseException, TracebackType]", error)[1]
    if isinstance(error, BaseException):
        event_dict["exception"] = "\n".join(_described(error))
    return event_dict


def redact(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
    """Blank private fields and credentials, however deep."""
    return {
        key: value if key.startswith("_") else _redacted(key, value)
        for key, value in event_dict.items()
    }


def _named(service: str) -> Processor:
    def add_service(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
        event_dict["service"] = service
        return event_dict

    return add_service


def _redacted(key: str, value: Any) -> object:  # noqa: ANN401 — a log field may be anything
    if PRIVATE_KEYS.fullmatch(key):
        return HIDDEN
    match value:
        case str() | UUID() | date() | Path():
            return CREDENTIALS.sub(HIDDEN, str(value))
        case bool() | int() | float() | None:
            return value
        case dict() | list() | tuple():
            return _redacted_items(value)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return f"<{type(value).__name__}>"


def _redacted_items(value: dict[Any, Any] | list[Any] | tuple[Any, ...]) -> object:
    if isinstance(value, dict):
        return {str(name): _redacted(str(name), item) for name, item in value.items()}
    return [_redacted("", item) for item in value]


def _described(error: BaseException) -> Iterator[str]:
    """The cause first, as Python prints it."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause:
        yield from _described(cause)
        yield "then:"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield f"{type(error).__module__}.{type(error).__qualname__}{_message(error)}"
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            yield from _described(inner)  # pyright: ignore[reportUnknownArgumentType]


def _message(error: BaseException) -> str:
    """Libraries quote data in theirs: SQL rows, the input that was refused."""
    ours = isinstance(error, ServiceError) or type(error).__module__ == "builtins"
    return f": {error}" if ours and str(error) else ""
