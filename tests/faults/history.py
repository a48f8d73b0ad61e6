"""What happened in a fault test, as records in a file, for one checker to judge."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "accepted",  # an event was acknowledged to its sender: workspace_id, event_id, message_id
    "draft",  # a stored draft at the end: workspace_id, message_id, draft_id, status
    "parked",  # a message on DEAD: workspace_id, event_id, consumer
    "emitted",  # a message of ours seen on a stream: workspace_id, event_id, entity_id, revision
    "outbox",  # a committed outbox row at the end: workspace_id, event_id, published
    "rolled_back",  # an event of a transaction that was rolled back: event_id
    "model_call",  # the model was asked: message_id, step
    "died",  # a process was killed while it may have worked: message_id or None for any
    "workspace",  # at the end: workspace_id, persona_ids, default_persona_id
    "seen",  # something that a reader got: workspace_id (its own), found_workspace_id
    "applied",  # a reader took a document: reader, subject, revision
    "state",  # a document at its source at the end: subject, revision
    "requested",  # a follow-up step was requested: request_id, attempt, after (status before)
    "step_due",  # when a follow-up step was to be requested: instance_id, step, at
    "step_requested",  # when the broker had its request: instance_id, step, at
    "all_up",  # nothing was killed any more, and everything ran: at, due_within_seconds
    "read",  # a read of what was already known, during a fault: ok
    "text",  # a log line, trace, problem or header that was written: text
    "secret",  # a text that must not be in any of these: text
]


@dataclass(frozen=True)
class Record:
    """One thing that happened, with the fields of its kind."""

    kind: Kind
    fields: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        """Return one field; None when the record lacks it."""
        return self.fields.get(name)


class History:
    """Records appended to a file, one JSON line each, so that a killed test loses nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, kind: Kind, **fields: Any) -> None:
        """Append one record."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(Record(kind, fields)), default=str) + "\n")

    def __iter__(self) -> Iterator[Record]:
        """Return the records in the order in which they were added."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                loaded = json.loads(line)
                yield Record(loaded["kind"], loaded["fields"])
