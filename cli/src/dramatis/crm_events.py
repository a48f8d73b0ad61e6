"""Events of the CRM in files, as the services read them."""

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, cast

from persona_contracts import EVENTS, CrmEvent, EnvelopeError, Received, decode
from service_kit.clock import utc_now
from service_kit.publishing import Message, crm_message

from dramatis.errors import CliError

CRM_EVENTS: Mapping[str, type[CrmEvent]] = {
    event.event_type: event for event in EVENTS if issubclass(event, CrmEvent)
}
STANDARD_INPUT = Path("-")


def example_of(event_type: str) -> dict[str, Any]:
    """Return a body of this type as a CRM may send it."""
    folder = package_files("dramatis") / "samples" / "events"
    return json.loads((folder / f"{event_type}.json").read_text())


def read_events(event_type: str, path: Path) -> Sequence[Message]:
    """Return what `path` holds, one body or an array of them, as messages to store.

    An event without an id of the CRM's has the id that the services give it: the same body is the
    same event, however often it is sent.

    Raises:
        CliError: it cannot be read, or one of them breaks a rule of the contract: nothing is sent.
    """
    model = CRM_EVENTS[event_type]
    found = _json_in(path)
    bodies = cast("list[object]", found) if isinstance(found, list) else [found]
    wrong: list[str] = []
    now = utc_now()
    messages: list[Message] = []
    for number, body in enumerate(bodies, start=1):
        try:
            messages.append(crm_message(_read(model, body), now))
        except EnvelopeError as error:
            wrong.append(f"event {number}: {error}" if len(bodies) > 1 else str(error))
    if wrong:
        hint = f"`dramatis events types {event_type}` prints one that is right."
        raise CliError("\n".join(wrong), hint)
    return messages


def _json_in(path: Path) -> object:
    try:
        text = sys.stdin.read() if path == STANDARD_INPUT else path.read_text()
        return json.loads(text)
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CliError(f"{path} is not JSON: {error}.") from error


def _read(model: type[CrmEvent], body: object) -> Received[CrmEvent]:
    workspace_id = body.get("workspace_id") if isinstance(body, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    subject = f"{model.event_type}.v{model.event_version}.{workspace_id}"
    return decode(model, subject, {}, json.dumps(body).encode())
