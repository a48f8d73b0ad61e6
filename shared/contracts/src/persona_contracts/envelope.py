"""CloudEvents 1.0 on NATS: subjects, `ce-*` headers, and the three ways in which the CRM sends."""

import json
import re
from base64 import b64decode
from codecs import BOM_UTF8
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, cast
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict

from persona_contracts.event import CrmEvent, Event
from persona_contracts.parsing import EnvelopeError, parse_json, parse_object, readable
from persona_contracts.types import format_time, is_printable, is_subject_id

CRM_SOURCE = "urn:dramatis:crm"
CORRELATION_HEADER = "correlation_id"
STRUCTURED_CONTENT_TYPE = "application/cloudevents+json"
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"
MAX_BATCH_EVENTS = 1_000
MAX_BODY_BYTES = 512 * 1024
"""Larger bodies are parked (events.md §1)."""
MAX_EVENT_ID_BYTES = 1_100
"""Room for the longest default id: 255 characters of 4 bytes, an outcome and a time."""
MAX_SOURCE_BYTES = 512
"""With the longest id it still fits one row of a Postgres index (2,704 bytes)."""

EventT = TypeVar("EventT", bound=Event)

_HEADER_SAFE = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"%')
_PLAIN = re.compile(r"[\w.:@/-]*", re.ASCII)
"""What needs no encoding: all but a few of the ids that there are."""
_SUBJECT = re.compile(r"([a-z-]+\.[a-z_]+)\.v([0-9]{1,4})\.([^.]+)")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSubject:
    """A subject taken apart: `lead.replied.v1.acme`."""

    event_type: str
    version: int
    workspace_id: str

    @classmethod
    @lru_cache(maxsize=4096)
    def parse(cls, subject: str) -> "EventSubject":
        """Take `subject` apart.

        Raises:
            EnvelopeError: it is not `<noun>.<verb>.v<N>.<workspace_id>`.
        """
        match = _SUBJECT.fullmatch(subject)
        if match is None or not is_subject_id(match[3]):
            raise EnvelopeError("bad-subject", "subject: must be <noun>.<verb>.v<N>.<workspace_id>")
        return cls(event_type=match[1], version=int(match[2]), workspace_id=match[3])

    def __str__(self) -> str:
        """Return the subject as it stands on the wire."""
        return f"{self.event_type}.v{self.version}.{self.workspace_id}"


def subject_for(event: Event) -> str:
    """Return the subject on which `event` travels."""
    return f"{event.event_type}.v{event.event_version}.{event.workspace_id}"


def encode_headers(
    event: Event, *, event_id: str, source: str, time: datetime, correlation_id: str | None = None
) -> dict[str, str]:
    """Return the binary-mode headers of `event`; the body is `event.model_dump_json()`.

    `correlation_id` is that of its cause; without one the event is a beginning.
    """
    return {
        "ce-specversion": "1.0",
        "ce-id": _percent_encode(event_id),
        "ce-source": _percent_encode(source),
        "ce-type": event.event_type,
        "ce-time": format_time(time),
        "ce-subject": _percent_encode(event.entity_id),
        "ce-dataschema": event.schema_urn(),
        "content-type": "application/json",
        CORRELATION_HEADER: _percent_encode(correlation_id or event_id),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[EventT]):
    """An event as it arrived; its identity is (workspace_id, source, event_id)."""

    event: EventT
    event_id: str
    source: str
    traceparent: str | None = None
    """The sender's trace (W3C Trace Context); null also when it was no valid one."""
    replaced_characters: int = 0
    """Lone surrogates that became U+FFFD: the sender cuts texts in the middle of a character."""
    arrived_at: datetime | None = None
    """When the broker had it; null: it came another way."""
    correlation_id: str = ""
    """What all that follows from it carries, too: the sender's header, else the event's own id."""

    def __post_init__(self) -> None:
        """Let an event without a correlation be the beginning of one."""
        if not self.correlation_id:
            object.__setattr__(self, "correlation_id", self.event_id)

    @property
    def workspace_id(self) -> str:
        """The tenant, equal in subject and body."""
        return self.event.workspace_id


class _Attributes(NamedTuple):
    event_id: str | None
    source: str | None
    traceparent: str | None
    correlation_id: str | None


class _Structured(BaseModel):
    """What is read of a structured event (CloudEvents JSON format §2 and §3); null is unset."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    id: str | None = None
    source: str | None = None
    type: str | None = None
    traceparent: str | None = None
    correlationid: str | None = None
    datacontenttype: str | None = None
    data: Any = None
    data_base64: str | None = None


def decode(
    model: type[EventT], subject: str, headers: Mapping[str, str], body: bytes
) -> Received[EventT]:
    """Read one message as `model`: binary mode, structured mode, or a plain JSON body.

    `ce-time` and unknown attributes are not looked at. An event of the CRM may come without an id
    and a source; it gets `default_event_id` and CRM_SOURCE.

    Raises:
        EnvelopeError: `bad-subject`, `wrong-type`, `too-large`, `malformed`, `invalid` or
            `workspace-mismatch`. The text names fields and rules, never values.
    """
    if len(body) > MAX_BODY_BYTES:
        raise EnvelopeError("too-large", f"body: must have at most {MAX_BODY_BYTES} bytes")
    body, replaced = readable(body)
    on = EventSubject.parse(subject)
    if (on.event_type, on.version) != (model.event_type, model.event_version):
        raise EnvelopeError(
            "wrong-type", f"subject: must be of {model.event_type}.v{model.event_version}"
        )
    attributes, event = _read(model, {key.lower(): value for key, value in headers.items()}, body)
    if event.workspace_id != on.workspace_id:
        raise EnvelopeError(
            "workspace-mismatch", "workspace_id: must be the workspace that the subject names"
        )
    from_crm = isinstance(event, CrmEvent)
    traceparent = attributes.traceparent
    return Received(
        event=event,
        event_id=_checked(
            "ce-id",
            attributes.event_id or (event.default_event_id if from_crm else ""),
            MAX_EVENT_ID_BYTES,
        ),
        source=_checked(
            "ce-source", attributes.source or (CRM_SOURCE if from_crm else ""), MAX_SOURCE_BYTES
        ),
        traceparent=traceparent if _TRACEPARENT.fullmatch(traceparent or "") else None,
        replaced_characters=replaced,
        correlation_id=_correlation(attributes.correlation_id),
    )


def decode_batch(model: type[EventT], subject: str, body: bytes) -> list[Received[EventT]]:
    """Read a batch of structured events (CloudEvents JSON format §4), each as `decode` does.

    Raises:
        EnvelopeError: as `decode`, for the whole batch; fields begin with the event's number,
            counted from 0. `invalid` too: more than MAX_BATCH_EVENTS.
    """
    headers = {"content-type": STRUCTURED_CONTENT_TYPE}
    received: list[Received[EventT]] = []
    for number, event in enumerate(_batch(body)):
        try:
            received.append(decode(model, subject, headers, event))
        except EnvelopeError as error:
            told = "; ".join(f"{number}.{problem}" for problem in str(error).split("; "))
            raise EnvelopeError(error.reason, told) from None
    return received


def _batch(body: bytes) -> list[bytes]:
    """Take the array apart; what is wrong with an event is left for `decode`."""
    try:
        batch: object = json.loads(body.removeprefix(BOM_UTF8).decode("utf-8", "surrogatepass"))
        texts = [json.dumps(event, ensure_ascii=False) for event in _events(batch)]
    except EnvelopeError:
        raise
    except (ValueError, RecursionError):
        raise EnvelopeError("malformed", "body: must be a JSON array in UTF-8") from None
    return [text.encode("utf-8", "surrogatepass") for text in texts]


def _events(batch: object) -> list[object]:
    if not isinstance(batch, list):
        raise EnvelopeError("malformed", "body: must be a JSON array of events")
    events = cast("list[object]", batch)
    if len(events) > MAX_BATCH_EVENTS:
        raise EnvelopeError("invalid", f"body: must have at most {MAX_BATCH_EVENTS} events")
    return events


def _read(
    model: type[EventT], headers: Mapping[str, str], body: bytes
) -> tuple[_Attributes, EventT]:
    if _media_type(headers.get("content-type", "")) == STRUCTURED_CONTENT_TYPE:
        whole = parse_json(_Structured, body)
        _check_type(model, whole.type)
        attributes = _Attributes(whole.id, whole.source, whole.traceparent, whole.correlationid)
        return attributes, _structured_data(model, whole)
    _check_type(model, _attribute(headers, "ce-type"))
    attributes = _Attributes(
        _attribute(headers, "ce-id"),
        _attribute(headers, "ce-source"),
        headers.get("traceparent"),
        _correlation_header(headers),
    )
    return attributes, parse_json(model, body)


def _structured_data(model: type[EventT], structured: _Structured) -> EventT:
    content_type = _media_type(structured.datacontenttype or "application/json")
    if not content_type.endswith(("/json", "+json")):  # CloudEvents JSON format §3.1
        raise EnvelopeError("invalid", "datacontenttype: must be JSON")
    if (structured.data is None) == (structured.data_base64 is None):
        raise EnvelopeError("malformed", "body: must have either data or data_base64")
    if structured.data_base64 is None:
        return parse_object(model, structured.data)
    try:
        data = b64decode(structured.data_base64, validate=True)
    except ValueError:
        raise EnvelopeError("malformed", "data_base64: must be base64") from None
    return parse_json(model, data)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _check_type(model: type[Event], stated: str | None) -> None:
    if stated and stated != model.event_type:
        raise EnvelopeError("wrong-type", f"ce-type: must be {model.event_type}")


def _checked(name: str, value: str, max_bytes: int) -> str:
    """Refuse what no index row takes, and U+FFFD: what it stands for may tell two events apart."""
    if not value or not is_printable(value) or "\ufffd" in value:
        raise EnvelopeError("invalid", f"{name}: must be printable text, and not empty")
    if len(value.encode()) > max_bytes:
        raise EnvelopeError("invalid", f"{name}: must have at most {max_bytes} bytes in UTF-8")
    return value


def _correlation_header(headers: Mapping[str, str]) -> str | None:
    """Return the header if it can be read: what is odd is left out, as an odd trace is."""
    with suppress(EnvelopeError):
        return _attribute(headers, CORRELATION_HEADER)
    return None


def _correlation(given: str | None) -> str:
    """Return what was given if it could be an event's id."""
    with suppress(EnvelopeError):
        return _checked(CORRELATION_HEADER, given or "", MAX_EVENT_ID_BYTES)
    return ""


def _percent_encode(value: str) -> str:
    """Encode all but printable ASCII, and space, `"`, `%` (CloudEvents HTTP binding §3.1.3.2)."""
    return value if _PLAIN.fullmatch(value) else quote(value, safe=_HEADER_SAFE)


def _attribute(headers: Mapping[str, str], name: str) -> str:
    """Percent-decode once, after unescaping a quoted string as older senders write it (same §)."""
    value = headers.get(name, "")
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if "%" not in value:
        return value
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise EnvelopeError("invalid", f"{name}: must be percent-encoded UTF-8") from None
