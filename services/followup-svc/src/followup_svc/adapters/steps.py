"""The table of steps that were requested from the CRM, and what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import Base, OwnedByWorkspace, Session
from sqlalchemy import JSON, bindparam, select, text, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from followup_svc.domain.instance import StepStatus


class StepRow(OwnedByWorkspace, Base):
    """A step that was requested from the CRM at least once."""

    __tablename__ = "step"

    instance_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[UUID]
    attempt: Mapped[int]
    status: Mapped[str]
    channel: Mapped[str]
    subject: Mapped[str | None]
    text: Mapped[str]
    in_reply_to: Mapped[str | None]
    resolution: Mapped[dict[str, Any]]
    event_id: Mapped[UUID]
    requested_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    provider_message_id: Mapped[str | None]
    error: Mapped[str | None]
    failures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A step as it was requested: the same text and id for each attempt."""

    instance_id: UUID
    number: int
    workspace_id: str
    request_id: UUID
    attempt: int
    channel: str
    subject: str | None
    text: str
    in_reply_to: str | None
    resolution: Mapping[str, Any]
    status: StepStatus = StepStatus.REQUESTED
    event_id: UUID | None = None
    """Of the newest attempt."""
    requested_at: datetime | None = None
    """When the newest attempt was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a requested step; `status` waiting: it will be requested again."""

    instance_id: UUID
    number: int
    status: StepStatus
    sent_at: datetime | None = None
    provider_message_id: str | None = None
    error: str | None = None
    attempt: int | None = None
    """Of a failure: which attempt failed."""


_REQUEST = text(
    """
    insert into step (instance_id, number, workspace_id, request_id, attempt, status, channel,
      subject, text, in_reply_to, resolution, event_id)
    select instance_id, number, workspace_id, request_id, attempt, 'requested', channel, subject,
      text, in_reply_to, resolution, event_id
    from json_to_recordset(:rows) as new(
      instance_id uuid, number int, workspace_id text, request_id uuid, attempt int, channel text,
      subject text, text text, in_reply_to text, resolution jsonb, event_id uuid)
    on conflict (instance_id, number) do update set attempt = excluded.attempt,
      status = 'requested', event_id = excluded.event_id, requested_at = now(), error = null
    """
).bindparams(bindparam("rows", type_=JSON))
_ANSWER = text(
    """
    update step set status = new.status, sent_at = new.sent_at, error = new.error,
      provider_message_id = coalesce(new.provider_message_id, step.provider_message_id),
      failures = case when new.attempt is null then step.failures
        else step.failures || jsonb_build_array(jsonb_build_object(
          'attempt', new.attempt, 'error', new.error, 'at', now())) end
    from json_to_recordset(:rows) as new(
      instance_id uuid, number int, status text, sent_at timestamptz, provider_message_id text,
      error text, attempt int)
    where step.instance_id = new.instance_id and step.number = new.number
    """
).bindparams(bindparam("rows", type_=JSON))


async def request(session: Session, steps: Sequence[Requested]) -> None:
    """Store that these steps are requested; a step that was before gets its next attempt."""
    rows = [
        {
            "instance_id": str(step.instance_id),
            "number": step.number,
            "workspace_id": step.workspace_id,
            "request_id": str(step.request_id),
            "attempt": step.attempt,
            "channel": step.channel,
            "subject": step.subject,
            "text": step.text,
            "in_reply_to": step.in_reply_to,
            "resolution": dict(step.resolution),
            "event_id": str(step.event_id),
        }
        for step in steps
    ]
    if rows:
        await session.execute(_REQUEST, {"rows": rows})


async def settle(session: Session, answers: Sequence[Answer]) -> None:
    """Store what became of requested steps."""
    rows = [
        {
            "instance_id": str(answer.instance_id),
            "number": answer.number,
            "status": answer.status,
            "sent_at": answer.sent_at.isoformat() if answer.sent_at else None,
            "provider_message_id": answer.provider_message_id,
            "error": answer.error,
            "attempt": answer.attempt,
        }
        for answer in answers
    ]
    if rows:
        await session.execute(_ANSWER, {"rows": rows})


async def requested(
    session: Session, wanted: Collection[tuple[UUID, int]]
) -> Mapping[tuple[UUID, int], Requested]:
    """Return those steps (instance, number) that were requested before."""
    query = select(StepRow).where(tuple_(StepRow.instance_id, StepRow.number).in_(set(wanted)))
    return {(row.instance_id, row.number): _requested(row) for row in await session.scalars(query)}


async def requested_as(session: Session, request_ids: Collection[UUID]) -> Mapping[UUID, Requested]:
    """Return the steps with these request ids."""
    query = (
        select(StepRow)
        .where(StepRow.request_id.in_(request_ids))
        .execution_options(populate_existing=True)
    )
    return {row.request_id: _requested(row) for row in await session.scalars(query)}


def _requested(row: StepRow) -> Requested:
    return Requested(
        instance_id=row.instance_id,
        number=row.number,
        workspace_id=row.workspace_id,
        request_id=row.request_id,
        attempt=row.attempt,
        channel=row.channel,
        subject=row.subject,
        text=row.text,
        in_reply_to=row.in_reply_to,
        resolution=row.resolution,
        status=StepStatus(row.status),
        event_id=row.event_id,
        requested_at=row.requested_at,
    )


async def steps_of(session: Session, instance_id: UUID) -> list[StepRow]:
    """Return the steps of an instance that were requested, in order."""
    query = select(StepRow).where(StepRow.instance_id == instance_id).order_by(StepRow.number)
    return list(await session.scalars(query))
