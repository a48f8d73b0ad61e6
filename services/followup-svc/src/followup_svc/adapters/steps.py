"""The table of steps that were requested from the CRM, and what became of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store import Base, OwnedByWorkspace, Session, any_of, pair_of
from sqlalchemy import JSON, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from followup_svc.adapters.instances import COLUMNS, InstanceRow, instance_of
from followup_svc.domain.instance import Instance, StepStatus


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
    event_id: UUID | None = None
    """Of the newest attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an answer has to fit: the newest attempt at a step, and when that was requested."""

    instance_id: UUID
    number: int
    request_id: UUID
    attempt: int
    status: StepStatus
    requested_at: datetime


_ASKED = (
    StepRow.number,
    StepRow.request_id,
    StepRow.attempt,
    StepRow.status,
    StepRow.requested_at,
)


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


async def request(session: Session, steps: Sequence[Requested], event_ids: Sequence[UUID]) -> None:
    """Store that these steps are requested by these events, again or for the first time."""
    rows = [
        {
            "instance_id": step.instance_id,
            "number": step.number,
            "workspace_id": step.workspace_id,
            "request_id": step.request_id,
            "attempt": step.attempt,
            "channel": step.channel,
            "subject": step.subject,
            "text": step.text,
            "in_reply_to": step.in_reply_to,
            "resolution": dict(step.resolution),
            "event_id": event_id,
        }
        for step, event_id in zip(steps, event_ids, strict=True)
    ]
    if rows:
        await session.execute(_REQUEST, {"rows": rows})


async def settle(session: Session, answers: Sequence[Answer]) -> None:
    """Store what became of requested steps."""
    rows = [
        {
            "instance_id": answer.instance_id,
            "number": answer.number,
            "status": answer.status,
            "sent_at": answer.sent_at,
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
    rows = await session.scalars(
        select(StepRow).where(pair_of(StepRow.instance_id, StepRow.number, wanted))
    )
    return {
        (row.instance_id, row.number): Requested(
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
            event_id=row.event_id,
        )
        for row in rows
    }


async def lock_asked(
    session: Session, request_ids: Collection[UUID]
) -> list[tuple[Asked, Instance]]:
    """Lock the steps with these request ids and their instances; return them as they are now."""
    rows = await session.execute(
        select(*_ASKED, *COLUMNS)
        .join_from(StepRow, InstanceRow, StepRow.instance_id == InstanceRow.instance_id)
        .where(any_of(StepRow.request_id, request_ids))
        .order_by(InstanceRow.instance_id)
        .with_for_update(of=[InstanceRow, StepRow])
    )
    return [
        (
            Asked(
                instance_id=row.instance_id,
                number=row.number,
                request_id=row.request_id,
                attempt=row.attempt,
                status=StepStatus(row.status),
                requested_at=row.requested_at,
            ),
            instance_of(row),
        )
        for row in rows
    ]


async def steps_of(session: Session, instance_id: UUID) -> list[StepRow]:
    """Return the steps of an instance that were requested, in order."""
    query = select(StepRow).where(StepRow.instance_id == instance_id).order_by(StepRow.number)
    return list(await session.scalars(query))
