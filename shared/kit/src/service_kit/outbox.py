"""Publish in the transaction: what is rolled back is never sent, what is committed always is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from opentelemetry import propagate
from persona_contracts import OwnEvent, encode_headers, subject_for
from persona_contracts.envelope import MAX_BODY_BYTES
from sqlalchemy import JSON, BigInteger, bindparam, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.errors import TooLargeError
from service_kit.grouped_writes import write
from service_kit.ids import new_id
from service_kit.store import Base, OwnedByWorkspace, Session, any_of
from service_kit.topology import stream_of
from service_kit.wakeups import OUTBOX_CHANNEL

KEPT_DAYS = 14
"""How long a lost stream can be refilled from here (events.md §2)."""


BEGINNING: Mapping[str, str] = MappingProxyType({})
"""The causes of events that nothing has caused."""


class EventTooLargeError(TooLargeError):
    """What is to be told of this is too large for an event."""


class OutboxRow(OwnedByWorkspace, Base):
    """An event to publish, or published; `id` gives the order."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stream: Mapped[str]
    subject: Mapped[str]
    event_id: Mapped[UUID]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    published_at: Mapped[datetime | None]


_PUBLISH = text(
    "with stored as (insert into outbox (workspace_id, stream, subject, event_id, headers, body)"
    " select workspace_id, stream, subject, event_id, headers, convert_to(body, 'UTF8')"
    " from rows from (json_to_recordset(:rows) as (workspace_id text, stream text, subject text,"
    " event_id uuid, headers jsonb, body text))"
    " with ordinality as new(workspace_id, stream, subject, event_id, headers, body, number)"
    " order by number) select pg_notify(:channel, '')"
).bindparams(bindparam("rows", type_=JSON))


async def publish(
    session: Session, *events: OwnEvent, causes: Mapping[str, str | None] = BEGINNING
) -> list[UUID]:
    """Put `events` into the outbox, in order; return their ids.

    Call it last in a use case, when every row lock is taken: `id` must follow the order in which
    changes to one entity commit (events.md §2).

    Args:
        session: of the change.
        events: what happened.
        causes: the correlation id of what began each thing (`Received.correlation_id`), by its
            `entity_id`; an event of a thing without one has its own id.

    Raises:
        EventTooLargeError: every consumer would refuse one of them (events.md §1).
    """
    if not events:
        return []
    event_ids = [new_id() for _ in events]
    source = f"urn:dramatis:{session.info['service']}"
    trace: dict[str, str] = {}
    propagate.inject(trace)
    rows: list[dict[str, object]] = []
    for event, event_id in zip(events, event_ids, strict=True):
        own_id = str(event_id)
        headers = encode_headers(
            event,
            event_id=own_id,
            source=source,
            time=event.occurred_at,
            correlation_id=causes.get(event.entity_id),
        )
        subject, body = subject_for(event), event.model_dump_json()
        if len(body.encode()) > MAX_BODY_BYTES:
            raise EventTooLargeError(f"{subject}: an event has at most {MAX_BODY_BYTES} bytes")
        rows.append(
            {
                "workspace_id": event.workspace_id,
                "stream": stream_of(subject),
                "subject": subject,
                "event_id": own_id,
                "headers": headers | trace,
                "body": body,
            }
        )
    await write(session, _put, *rows)
    return event_ids


async def _put(session: Session, rows: Sequence[dict[str, object]]) -> None:
    await session.execute(_PUBLISH, {"rows": rows, "channel": OUTBOX_CHANNEL})


async def published_at(session: Session, event_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when the broker stored those of `event_ids` that it has, asked as a worker."""
    rows = await session.execute(
        select(OutboxRow.event_id, OutboxRow.published_at).where(
            any_of(OutboxRow.event_id, event_ids), OutboxRow.published_at.is_not(None)
        )
    )
    return {event_id: at for event_id, at in rows if at is not None}


async def requeue(session: Session, stream: str) -> int:
    """Mark what is still kept of a lost stream as unpublished; return how many events that is."""
    result = await session.execute(
        text(
            "with again as (update outbox set published_at = null"
            " where stream = :stream and published_at is not null returning 1)"
            " select count(*) from again"
        ),
        {"stream": stream},
    )
    return result.scalar_one()


async def prune(session: Session) -> None:
    """Forget what was published more than KEPT_DAYS ago."""
    await session.execute(
        text(
            "delete from outbox where published_at is not null"
            " and created_at < now() - make_interval(days => :days)"
        ),
        {"days": KEPT_DAYS},
    )
