"""Handle each event once: the inbox entry and what the event changes share one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from persona_contracts import Event, Received
from sqlalchemy import JSON, String, bindparam, func, text
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.store import Base, OwnedByWorkspace, Session

KEPT_DAYS = 35
"""Longer than the streams keep events, so that a full replay changes nothing (events.md §2)."""

EventT = TypeVar("EventT", bound=Event)


class InboxRow(OwnedByWorkspace, Base):
    """An event that a consumer has handled."""

    __tablename__ = "inbox"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


_CLAIM = text(
    "insert into inbox (consumer, workspace_id, source, event_id)"
    " select :consumer, * from json_to_recordset(:events)"
    " as new(workspace_id text, source text, event_id text)"
    " on conflict do nothing returning workspace_id, source, event_id"
).bindparams(bindparam("events", type_=JSON))
_PRUNE = text("delete from inbox where received_at < now() - make_interval(days => :days)")


async def claim(
    session: Session, consumer: str, batch: Sequence[Received[EventT]]
) -> list[Received[EventT]]:
    """Return the events of `batch` that `consumer` has not handled yet, each once, in order."""
    by_key = {(item.workspace_id, item.source, item.event_id): item for item in reversed(batch)}
    keys = sorted(by_key)  # one lock order for all replicas
    events = [
        {"workspace_id": workspace_id, "source": source, "event_id": event_id}
        for workspace_id, source, event_id in keys
    ]
    rows = await session.execute(_CLAIM, {"consumer": consumer, "events": events})
    fresh = {id(by_key[(row[0], row[1], row[2])]) for row in rows}
    return [item for item in batch if id(item) in fresh]


async def prune(session: Session) -> None:
    """Forget entries that no stream can deliver again."""
    await session.execute(_PRUNE, {"days": KEPT_DAYS})
