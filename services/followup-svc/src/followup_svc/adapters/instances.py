"""The tables of instances, and of what is due.

What is due has a table of its own: a claim and its end touch a narrow row with two indexes, and
the updates of an instance touch no index at all.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leased, Leases
from service_kit.store import Base, OwnedByWorkspace, Session, any_of, pair_of
from sqlalchemy import JSON, ColumnElement, Row, Uuid, and_, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from followup_svc.domain.instance import (
    LIVE,
    Instance,
    InstanceNotFoundError,
    Reason,
    State,
)


class InstanceRow(OwnedByWorkspace, Base):
    """One lead's way through one version of a sequence."""

    __tablename__ = "instance"

    instance_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence_id: Mapped[UUID]
    sequence_version: Mapped[int]
    lead_id: Mapped[str]
    campaign_id: Mapped[str | None]
    state: Mapped[str]
    step: Mapped[int]
    awaiting_answer: Mapped[bool]
    next_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    codes: Mapped[list[str]]
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    started_by: Mapped[str]
    trigger_id: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class InstanceDueRow(Leased):
    """When there is something to do for an active instance."""

    __tablename__ = "instance_due"

    instance_id: Mapped[UUID] = mapped_column(primary_key=True)


LEASES = Leases(InstanceDueRow)
COLUMNS = (
    InstanceRow.instance_id,
    InstanceRow.workspace_id,
    InstanceRow.sequence_id,
    InstanceRow.sequence_version,
    InstanceRow.lead_id,
    InstanceRow.campaign_id,
    InstanceRow.state,
    InstanceRow.step,
    InstanceRow.awaiting_answer,
    InstanceRow.next_at,
    InstanceRow.reason,
    InstanceRow.detail,
    InstanceRow.codes,
    InstanceRow.started_at,
)
"""What `instance_of` reads; without the history, which may be long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstance:
    """An instance to start."""

    instance: Instance
    started_by: str
    trigger_id: str | None = None
    """The event that starts it: it does so once."""
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person, or an event, did to an instance."""

    what: str
    by: str
    detail: str | None = None
    step: int | None = None


Change = tuple[Instance, Note | None]
"""An instance as it is to be stored, and what its timeline says of that."""

_ADD = text(
    """
    with new as (
      select * from json_to_recordset(:rows) as new(
        instance_id uuid, workspace_id text, sequence_id uuid, sequence_version int, lead_id text,
        campaign_id text, step int, next_at timestamptz, started_at timestamptz, started_by text,
        trigger_id text, traceparent text)
    ), added as (
      insert into instance (instance_id, workspace_id, sequence_id, sequence_version, lead_id,
        campaign_id, state, step, awaiting_answer, next_at, started_at, started_by, trigger_id)
      select instance_id, workspace_id, sequence_id, sequence_version, lead_id, campaign_id,
        'active', step, false, next_at, started_at, started_by, trigger_id from new
      on conflict do nothing returning instance_id
    ), due as (
      insert into instance_due (instance_id, workspace_id, due_at, traceparent)
      select new.instance_id, new.workspace_id, new.next_at, new.traceparent
      from new join added using (instance_id)
    )
    select instance_id from added
    """
).bindparams(bindparam("rows", type_=JSON))
_SAVE = text(
    """
    with new as (
      select * from json_to_recordset(:rows) as new(
        instance_id uuid, state text, step int, awaiting_answer bool, next_at timestamptz,
        reason text, detail text, codes jsonb, note jsonb)
    ), saved as (
      update instance set state = new.state, step = new.step,
        awaiting_answer = new.awaiting_answer, next_at = new.next_at, reason = new.reason,
        detail = new.detail, codes = new.codes,
        history = case when new.note is null then instance.history
          else instance.history || jsonb_build_array(
            new.note || jsonb_build_object('at', now())) end,
        ended_at = case when new.state in ('completed', 'stopped')
          then coalesce(instance.ended_at, now()) end
      from new where instance.instance_id = new.instance_id
    )
    update instance_due set due_at = case when new.state = 'active' then new.next_at end,
      lease_token = null, attempts = 0, deaths = 0
    from new where instance_due.instance_id = new.instance_id
    """
).bindparams(bindparam("rows", type_=JSON))


async def add(session: Session, new: Sequence[NewInstance]) -> set[UUID]:
    """Insert instances; return the ids of those that are new.

    A lead has at most one live one in a sequence, and an event starts at most one.
    """
    rows = [
        {
            "instance_id": item.instance.instance_id,
            "workspace_id": item.instance.workspace_id,
            "sequence_id": item.instance.sequence_id,
            "sequence_version": item.instance.sequence_version,
            "lead_id": item.instance.lead_id,
            "campaign_id": item.instance.campaign_id,
            "step": item.instance.step,
            "next_at": item.instance.next_at,
            "started_at": item.instance.started_at,
            "started_by": item.started_by,
            "trigger_id": item.trigger_id,
            "traceparent": item.traceparent,
        }
        for item in new
    ]
    added = set(await session.scalars(_ADD.columns(instance_id=Uuid()), {"rows": rows}))
    if added:
        await LEASES.wake_workers(session)
    return added


async def save(session: Session, changes: Sequence[Change]) -> None:
    """Store locked instances as they are now, and when they are due; their leases end."""
    if not changes:
        return
    rows = [
        {
            "instance_id": instance.instance_id,
            "state": instance.state,
            "step": instance.step,
            "awaiting_answer": instance.awaiting_answer,
            "next_at": instance.next_at,
            "reason": instance.reason,
            "detail": instance.detail,
            "codes": instance.codes,
            "note": note,
        }
        for instance, note in changes
    ]
    await session.execute(_SAVE, {"rows": rows})


async def lock_claimed(
    session: Session, instance_ids: Sequence[UUID], token: UUID
) -> list[Instance]:
    """Lock those instances that still hold the lease, and return them as they are now."""
    held = select(InstanceDueRow.instance_id).where(
        InstanceDueRow.instance_id == InstanceRow.instance_id, InstanceDueRow.lease_token == token
    )
    return await _locked(session, any_of(InstanceRow.instance_id, instance_ids), held.exists())


async def lock(session: Session, instance_ids: Collection[UUID]) -> list[Instance]:
    """Lock instances, and return them as they are now."""
    return await _locked(session, any_of(InstanceRow.instance_id, instance_ids))


async def lock_one(session: Session, instance_id: UUID) -> Instance:
    """Lock an instance, and return it as it is now.

    Raises:
        InstanceNotFoundError: this workspace has none with that id.
    """
    found = await lock(session, [instance_id])
    if not found:
        raise InstanceNotFoundError(f"no instance {instance_id}")
    return found[0]


async def lock_live_of_leads(
    session: Session, wanted: Collection[tuple[str, str]]
) -> list[Instance]:
    """Lock the live instances of leads (workspace_id, lead_id)."""
    of_leads = pair_of(InstanceRow.workspace_id, InstanceRow.lead_id, wanted)
    return await _locked(session, of_leads, InstanceRow.state.in_(LIVE))


async def lock_live_of_sequence(session: Session, sequence_id: UUID) -> list[Instance]:
    """Lock the live instances of a sequence."""
    return await _locked(
        session, InstanceRow.sequence_id == sequence_id, InstanceRow.state.in_(LIVE)
    )


async def lock_paused_for(
    session: Session, code: str, sequence_id: UUID | None, limit: int
) -> list[Instance]:
    """Lock up to `limit` instances of the workspace that are paused for `code`, oldest first."""
    of_sequence = () if sequence_id is None else (InstanceRow.sequence_id == sequence_id,)
    return await _locked(session, is_paused_for(code), *of_sequence, limit=limit)


async def _locked(
    session: Session, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[Instance]:
    """Lock in one order, so that two transactions never wait for each other."""
    rows = await session.execute(
        select(*COLUMNS)
        .where(*conditions)
        .order_by(InstanceRow.instance_id)
        .limit(limit)
        .with_for_update(of=InstanceRow)
    )
    return [instance_of(row) for row in rows]


def instance_of(row: Row[*tuple[Any, ...]]) -> Instance:
    """Return the instance of a row that has COLUMNS."""
    return Instance(
        instance_id=row.instance_id,
        workspace_id=row.workspace_id,
        sequence_id=row.sequence_id,
        sequence_version=row.sequence_version,
        lead_id=row.lead_id,
        campaign_id=row.campaign_id,
        state=State(row.state),
        step=row.step,
        awaiting_answer=row.awaiting_answer,
        next_at=row.next_at,
        reason=Reason(row.reason) if row.reason else None,
        detail=row.detail,
        codes=tuple(row.codes),
        started_at=row.started_at,
    )


def is_paused_for(code: str) -> ColumnElement[bool]:
    """Say that an instance is paused for `code`."""
    return and_(InstanceRow.state == State.PAUSED, InstanceRow.codes.contains([code]))
