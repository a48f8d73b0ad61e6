import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from pydantic import BaseModel, ValidationError
from service_kit.errors import ConflictError
from service_kit.logs import configure_logging

SECRET = "the-secret-words"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """What was logged, line by line."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging("note-svc", "INFO", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def log() -> structlog.stdlib.BoundLogger:
    return structlog.get_logger("test")


def test_line_has_time_level_event_service_and_fields(lines) -> None:
    log().info("note.stored", note_id="n1", took_ms=1.5)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "event": "note.stored",
        "service": "note-svc",
        "note_id": "n1",
        "took_ms": 1.5,
    }


def test_line_inside_a_span_names_it(lines) -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("work") as span:
        log().info("note.stored")
    (line,) = lines()
    assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert line["span_id"] == f"{span.get_span_context().span_id:016x}"


def test_level_below_the_setting_is_silent(lines) -> None:
    log().debug("quiet")
    logging.getLogger("library").debug("quiet")
    assert lines() == []


def test_standard_logging_comes_out_as_the_same_json(lines) -> None:
    logging.getLogger("library").warning("lost %s", "nats://ann:pw@broker:4222")
    (line,) = lines()
    assert line["event"] == "lost nats://***@broker:4222"
    assert (line["level"], line["service"]) == ("warning", "note-svc")


def test_libraries_that_repeat_each_request_are_quiet(lines) -> None:
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).info("GET /api/drafts?lead=%s", SECRET)
    assert lines() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"password": SECRET},
        {"Authorization": SECRET},
        {"access_token": SECRET},
        {"api_key": SECRET},
        {"body": SECRET},
        {"text": SECRET},
        {"lead": {"email": SECRET, "deep": [{"reply_text": SECRET}]}},
        {"url": f"postgresql://ann:{SECRET}@db/notes"},
        {"url": f"nats://{SECRET}@broker"},
        {"header": f"Bearer {SECRET}"},
        {"note": f"token eyJhbGciOiJub25lIn0.{SECRET}.x"},
        {"model": type("Model", (), {"__repr__": lambda _: SECRET})()},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_secrets_and_texts_are_not_logged(lines, fields: dict[str, object]) -> None:
    log().info("note.stored", **fields)
    (line,) = lines()
    assert SECRET not in json.dumps(line)
    assert set(fields) <= set(line)


def refuse() -> None:
    raise ConflictError("the default cannot be deleted")


def test_own_errors_show_their_message_and_the_frames(lines) -> None:
    try:
        refuse()
    except ConflictError:
        log().exception("note.failed")
    (line,) = lines()
    assert line["exception"].endswith(
        "service_kit.errors.ConflictError: the default cannot be deleted"
    )
    assert "in refuse" in line["exception"]


def test_messages_of_libraries_are_not_logged_because_they_quote_data(lines) -> None:
    class Note(BaseModel):
        number: int

    try:
        try:
            Note.model_validate({"number": SECRET})
        except ValidationError as error:
            raise RuntimeError("cannot read the note") from error
    except RuntimeError as error:
        log().error("note.failed", exc_info=error)
        logging.getLogger("library").exception("failed")
    for line in lines():
        assert SECRET not in json.dumps(line)
        assert "ValidationError" in line["exception"]
        assert "RuntimeError: cannot read the note" in line["exception"]


def test_every_error_of_a_group_is_logged(lines) -> None:
    group = ExceptionGroup("two", [ValueError("first"), KeyError("second")])
    log().error("tasks.failed", exc_info=group)
    (line,) = lines()
    assert "ValueError: first" in line["exception"]
    assert "KeyError: 'second'" in line["exception"]
