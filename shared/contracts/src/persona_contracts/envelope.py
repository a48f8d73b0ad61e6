"""CloudEvents 1.0 on NATS: subjects, `ce-*` headers, and the three forms in which the CRM may send."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar, cast
from urllib.parse import quote, unquote

from pydantic import ValidationError

from persona_contracts.event import CrmEvent, Event
from persona_contracts.types import is_subject_id

CRM_SOURCE = "urn:dramatis:crm"
STRUCTURED_CONTENT_TYPE = "application/cloudevents+json"
MAX_BODY_BYTES = 512 * 1024
"""Larger bodies are parked (events.md §1)."""

MAX_EVENT_ID_CHARS = 512

EventT = TypeVar("EventT", bound=Event)

_HEADER_SAFE = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"%')
_SUBJECT = re.compile(r"([a-z-]+\.[a-z_]+)\.v([0-9]{1,4})\.([^.]+)")


class EnvelopeError(ValueError):
    """A message that is no event; `reason` is a slug such as `malformed` or `workspace-mismatch`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSubject:
    """A subject taken apart: `lead.replied.v1.acme`."""

    event_type: str
    version: int
    workspace_id: str

    @classmethod
    def parse(cls, subject: str) -> "EventSubject":
        """Take `subject` apart.

        Raises:
            EnvelopeError: it is not `<noun>.<verb>.v<N>.<workspace_id>`.
        """
        match = _SUBJECT.fullmatch(subject)
        if match is None or not is_subject_id(match[3]):
            raise EnvelopeError(
                "bad-subject", f"{subject!r} is not <noun>.<verb>.v<N>.<workspace_id>"
            )
        return cls(event_type=match[1], version=int(match[2]), workspace_id=match[3])

    def __str__(self) -> str:
        """Return the subject as it stands on the wire."""
        return f"{self.event_type}.v{self.version}.{self.workspace_id}"


def subject_for(event: Event) -> str:
    """Return the subject on which `event` travels."""
    return f"{event.event_type}.v{event.event_version}.{event.workspace_id}"


def percent_encode(value: str) -> str:
    """Encode a header value as the CloudEvents binding says: printable ASCII but space, `"`, `%`."""
    return quote(value, safe=_HEADER_SAFE)


def encode_headers(event: Event, *, event_id: str, source: str, time: datetime) -> dict[str, str]:
    """Return the binary-mode headers of `event`; the body is `event.model_dump_json()`."""
    return {
        "ce-specversion": "1.0",
        "ce-id": percent_encode(event_id),
        "ce-source": percent_encode(source),
        "ce-type": event.event_type,
        "ce-time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce-subject": percent_encode(event.entity_id),
        "ce-dataschema": event.schema_urn(),
        "content-type": "application/json",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[EventT]):
    """An event as it arrived; its identity is (workspace_id, source, event_id)."""

    event: EventT
    event_id: str
    source: str

    @property
    def workspace_id(self) -> str:
        """The tenant, equal in subject and body."""
        return self.event.workspace_id


def decode(
    model: type[EventT], subject: str, headers: Mapping[str, str], body: bytes
) -> Received[EventT]:
    """Read one message as `model`: binary mode, structured mode, or a plain JSON body.

    Raises:
        EnvelopeError: `bad-subject`, `wrong-type`, `too-large`, `malformed`, `invalid` or
            `workspace-mismatch`. The text names fields and rules, never values.
    """
    if len(body) > MAX_BODY_BYTES:
        raise EnvelopeError(
            "too-large", f"body has {len(body)} bytes, the limit is {MAX_BODY_BYTES}"
        )
    on = EventSubject.parse(subject)
    attributes, data = _take_apart({key.lower(): value for key, value in headers.items()}, body)
    for stated in (on.event_type, attributes.get("type", on.event_type)):
        if stated != model.event_type:
            raise EnvelopeError("wrong-type", f"expected {model.event_type}, got {stated!r}")
    if on.version != model.event_version:
        raise EnvelopeError(
            "wrong-type", f"expected version {model.event_version}, got {on.version}"
        )
    event = _validate(model, data)
    if event.workspace_id != on.workspace_id:
        raise EnvelopeError("workspace-mismatch", "body and subject name different workspaces")
    return Received(
        event=event,
        event_id=_event_id(event, attributes),
        source=attributes.get("source") or CRM_SOURCE,
    )


def _take_apart(headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], bytes | object]:
    """Return the CloudEvents attributes and the data (bytes still to parse, or parsed)."""
    if not headers.get("content-type", "").lower().startswith(STRUCTURED_CONTENT_TYPE):
        return {
            key[3:]: unquote(value) for key, value in headers.items() if key.startswith("ce-")
        }, body
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EnvelopeError("malformed", "body is not JSON") from error
    if not isinstance(whole, dict) or "data" not in whole:
        raise EnvelopeError("malformed", "a structured CloudEvent is an object with `data`")
    members = cast("dict[str, object]", whole)
    return {key: value for key, value in members.items() if isinstance(value, str)}, members["data"]


def _validate(model: type[EventT], data: bytes | object) -> EventT:
    try:
        if isinstance(data, bytes):
            return model.model_validate_json(data)
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        if any(problem["type"] == "json_invalid" for problem in problems):
            raise EnvelopeError("malformed", "body is not JSON") from error
        said = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"
            for problem in problems[:5]
        )
        raise EnvelopeError("invalid", said) from error


def _event_id(event: Event, attributes: Mapping[str, str]) -> str:
    event_id = attributes.get("id") or (
        event.default_event_id if isinstance(event, CrmEvent) else ""
    )
    if not event_id or len(event_id) > MAX_EVENT_ID_CHARS or "\0" in event_id:
        raise EnvelopeError("invalid", f"ce-id: must have 1 to {MAX_EVENT_ID_CHARS} characters")
    return event_id
