"""Instances, and when each is due."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leases
from service_kit.notices import MAX_REASONS, Waiting
from service_kit.store import Session, any_of, pair_of
from sqlalchemy import JSON, ColumnElement, Row, Uuid, and_, bindparam, func, select, text

from followup_svc.adapters.tables import InstanceDueRow, InstanceRow, SequenceVersionRow
from followup_svc.domain.instance import (
    LIVE,
    Instance,
    InstanceNotFoundError,
    NewInstance,
    Note,
    Reason,
    SavedInstance,
    State,
    StateChange,
    TimelineEntry,
)
from followup_svc.domain.lead import LeadKey

LEASES = Leases(InstanceDueRow, lambda row: row.instance_id)
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
    InstanceRow.started_by,
    InstanceRow.started_at,
    InstanceRow.correlation_id,
    InstanceRow.ended_at,
)
"""What `instance_of` reads; without the history, which may be long."""

_ADD = text(
    """
    with new as (
      select * from json_to_recordset(:rows) as new(
        instance_id uuid, workspace_id text, sequence_id uuid, sequence_version int, lead_id text,
        campaign_id text, step int, next_at timestamptz, started_at timestamptz, started_by text,
        trigger_id text, correlation_id text, traceparent text, note jsonb)
    ), added as (
      insert into instance (instance_id, workspace_id, sequence_id, sequence_version, lead_id,
        campaign_id, state, step, awaiting_answer, next_at, started_at, started_by, trigger_id,
        correlation_id, history)
      select instance_id, workspace_id, sequence_id, sequence_version, lead_id, campaign_id,
        'active', step, false, next_at, started_at, started_by, trigger_id, correlation_id,
        case when note is null then '[]'
          else jsonb_build_array(note || jsonb_build_object('at', now())) end
      from new
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
        reason text, detail text, codes jsonb, ended_at timestamptz, note jsonb)
    ), before as (
      select instance_id, state, reason, sequence_id, sequence_version from instance
      where instance_id in (select instance_id from new)
    ), saved as (
      update instance set state = new.state, step = new.step,
        awaiting_answer = new.awaiting_answer, next_at = new.next_at, reason = new.reason,
        detail = new.detail, codes = new.codes, ended_at = new.ended_at,
        paused_at = case when new.state = 'paused' then
          case when instance.state = 'paused' then instance.paused_at else now() end end,
        history = case when new.note is null then instance.history
          else instance.history || jsonb_build_array(
            new.note || jsonb_build_object('at', now())) end
      from new where instance.instance_id = new.instance_id
    ), due as (
      update instance_due set due_at = case when new.state = 'active' then new.next_at end,
        lease_token = null, attempts = 0, deaths = 0
      from new where instance_due.instance_id = new.instance_id
    )
    select before.instance_id, before.reason,
      version.definition->'steps'->(new.step - 1)->>'channel' as channel
    from before join new using (instance_id)
    join sequence_version version on version.sequence_id = before.sequence_id
      and version.version = before.sequence_version
    where (before.state, before.reason) is distinct from (new.state, new.reason)
    """
).bindparams(bindparam("rows", type_=JSON))


async def add_all(session: Session, new: Collection[NewInstance]) -> set[UUID]:
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
            "started_by": item.instance.started_by,
            "trigger_id": item.trigger_id,
            "correlation_id": item.instance.correlation_id,
            "traceparent": item.traceparent,
            "note": item.note,
        }
        for item in new
    ]
    added = set(await session.scalars(_ADD.columns(instance_id=Uuid()), {"rows": rows}))
    if added:
        await LEASES.wake_workers(session)
    return added


async def save_all(session: Session, saved: Collection[SavedInstance]) -> dict[UUID, StateChange]:
    """Store locked instances as they are now, and when they are due; their leases end.

    Returns those that are in another state now, or in it for another reason.
    """
    if not saved:
        return {}
    rows = [
        {
            "instance_id": item.instance.instance_id,
            "state": item.instance.state,
            "step": item.instance.step,
            "awaiting_answer": item.instance.awaiting_answer,
            "next_at": item.instance.next_at,
            "reason": item.instance.reason,
            "detail": item.instance.detail,
            "codes": item.instance.codes,
            "ended_at": item.instance.ended_at,
            "note": item.note,
        }
        for item in saved
    ]
    changed = await session.execute(_SAVE, {"rows": rows})
    return {
        instance_id: StateChange(reason=reason, channel=channel)
        for instance_id, reason, channel in changed
    }


async def get(session: Session, instance_id: UUID) -> Instance:
    """Return one instance.

    Raises:
        InstanceNotFoundError: this workspace has none with that id.
    """
    row = (
        await session.execute(select(*COLUMNS).where(InstanceRow.instance_id == instance_id))
    ).one_or_none()
    if row is None:
        raise InstanceNotFoundError(f"no instance {instance_id}")
    return instance_of(row)


async def timeline(session: Session, instance_id: UUID) -> list[TimelineEntry]:
    """Return what people and events did to an instance, oldest first."""
    history = await session.scalar(
        select(InstanceRow.history).where(InstanceRow.instance_id == instance_id)
    )
    return [_entry(**entry) for entry in history or ()]


async def page(
    session: Session,
    filters: Mapping[str, object],
    code: str | None,
    after: UUID | None,
    limit: int,
) -> list[Instance]:
    """Return up to `limit` instances, newest first.

    They equal `filters` (column to value) and, if `code` is given, are paused for it.
    """
    query = select(*COLUMNS).order_by(InstanceRow.instance_id.desc()).limit(limit)
    for column, value in filters.items():
        query = query.where(getattr(InstanceRow, column) == value)
    if code is not None:
        query = query.where(_is_paused_for(code))
    if after is not None:
        query = query.where(InstanceRow.instance_id < after)
    return [instance_of(row) for row in await session.execute(query)]


async def count_live_of_sequence(session: Session, sequence_id: UUID) -> int:
    """Return how many instances of a sequence are live."""
    query = select(func.count()).where(
        InstanceRow.sequence_id == sequence_id, InstanceRow.state.in_(LIVE)
    )
    return (await session.scalars(query)).one()


async def pause_groups(session: Session) -> list[tuple[str, int]]:
    """Return the codes that instances of the workspace are paused for, most frequent first."""
    code = func.jsonb_array_elements_text(InstanceRow.codes).table_valued("value").lateral()
    count = func.count()
    rows = await session.execute(
        select(code.c.value, count)
        .select_from(InstanceRow)
        .join(code, onclause=text("true"))
        .where(InstanceRow.state == State.PAUSED)
        .group_by(code.c.value)
        .order_by(count.desc(), code.c.value)
    )
    return [(value, number) for value, number in rows]


async def waiting(session: Session) -> list[Waiting]:
    """Return the same with since when, and what one of each says; the first MAX_REASONS."""
    code = func.jsonb_array_elements_text(InstanceRow.codes).table_valued("value").lateral()
    count = func.count()
    rows = await session.execute(
        select(code.c.value, count, func.min(InstanceRow.paused_at), func.min(InstanceRow.detail))
        .select_from(InstanceRow)
        .join(code, onclause=text("true"))
        .where(InstanceRow.state == State.PAUSED)
        .group_by(code.c.value)
        .order_by(count.desc(), code.c.value)
        .limit(MAX_REASONS)
    )
    return [
        Waiting(reason=value, count=number, since=since, example=detail)
        for value, number, since, detail in rows
    ]


async def lock(session: Session, instance_id: UUID) -> Instance:
    """Lock an instance, and return it as it is now.

    Raises:
        InstanceNotFoundError: this workspace has none with that id.
    """
    found = await lock_all(session, [instance_id])
    if not found:
        raise InstanceNotFoundError(f"no instance {instance_id}")
    return found[0]


async def lock_all(session: Session, instance_ids: Collection[UUID]) -> list[Instance]:
    """Lock instances, and return them as they are now."""
    return await _locked(session, any_of(InstanceRow.instance_id, instance_ids))


async def lock_claimed(
    session: Session, instance_ids: Collection[UUID], token: UUID
) -> list[Instance]:
    """Lock those instances that still hold the lease, and return them as they are now."""
    held = select(InstanceDueRow.instance_id).where(
        InstanceDueRow.instance_id == InstanceRow.instance_id, InstanceDueRow.lease_token == token
    )
    return await _locked(session, any_of(InstanceRow.instance_id, instance_ids), held.exists())


async def lock_live_of_leads(session: Session, keys: Collection[LeadKey]) -> list[Instance]:
    """Lock the live instances of leads."""
    of_leads = pair_of(InstanceRow.workspace_id, InstanceRow.lead_id, keys)
    return await _locked(session, of_leads, InstanceRow.state.in_(LIVE))


async def lock_live_of_sequence(session: Session, sequence_id: UUID) -> list[Instance]:
    """Lock the live instances of a sequence."""
    return await _locked(
        session, InstanceRow.sequence_id == sequence_id, InstanceRow.state.in_(LIVE)
    )


async def lock_live_of_persona(
    session: Session, workspace_id: str, persona_id: UUID
) -> list[Instance]:
    """Lock the live instances whose version of their sequence names a persona."""
    return await _locked(
        session,
        InstanceRow.workspace_id == workspace_id,
        InstanceRow.state.in_(LIVE),
        names_persona(persona_id),
    )


async def count_live_of_persona(session: Session, persona_id: UUID) -> int:
    """Return how many live instances of the session's workspace name a persona."""
    query = select(func.count()).where(InstanceRow.state.in_(LIVE), names_persona(persona_id))
    return (await session.scalars(query)).one()


def names_persona(persona_id: UUID) -> ColumnElement[bool]:
    """Say that the version that an instance began with names a persona."""
    versions = select(SequenceVersionRow.version).where(
        SequenceVersionRow.sequence_id == InstanceRow.sequence_id,
        SequenceVersionRow.version == InstanceRow.sequence_version,
        SequenceVersionRow.definition["ai_persona_id"].astext == str(persona_id),
    )
    return versions.exists()


async def lock_paused_for(
    session: Session, code: str, sequence_id: UUID | None, limit: int
) -> list[Instance]:
    """Lock up to `limit` instances of the workspace that are paused for `code`, oldest first."""
    of_sequence = () if sequence_id is None else (InstanceRow.sequence_id == sequence_id,)
    return await _locked(session, _is_paused_for(code), *of_sequence, limit=limit)


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
        started_by=row.started_by,
        started_at=row.started_at,
        correlation_id=row.correlation_id,
        ended_at=row.ended_at,
    )


def _is_paused_for(code: str) -> ColumnElement[bool]:
    return and_(InstanceRow.state == State.PAUSED, InstanceRow.codes.contains([code]))


def _entry(*, at: str, **note: Any) -> TimelineEntry:  # noqa: ANN401 — the fields of a Note
    return TimelineEntry(at=datetime.fromisoformat(at), note=Note(**note))
