"""Drafts: rows become aggregates here and never leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from persona_contracts import Channel
from persona_model.knowledge import KnowledgeStatus, PassageText
from persona_model.usage import TokenUsage
from service_kit.grouped_writes import write
from service_kit.leases import SETTLEMENT, Leases, settle_columns, settlement_of
from service_kit.notices import Waiting, waiting
from service_kit.store import Session, any_of
from service_kit.wakeups import WORK_CHANNEL
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Row,
    String,
    bindparam,
    case,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm.util import identity_key

from draft_svc.adapters.tables import DraftRow
from draft_svc.domain.draft import (
    AutoReplyError,
    BounceError,
    Draft,
    DraftFailure,
    DraftNotFoundError,
    DraftStatus,
    KeptStrategy,
    LeadKey,
    ShownDraft,
    Superseded,
)

NEEDS_NO_ANSWER = frozenset({"auto-reply", "bounce"})
"""Errors of drafts that nobody waits for."""
_IS_CLAIMED = (DraftRow.status == DraftStatus.QUEUED) & DraftRow.lease_token.is_not(None)
_FILTERS: Mapping[str, ColumnElement[Any]] = {
    "status": case((_IS_CLAIMED, DraftStatus.GENERATING.value), else_=DraftRow.status),
    "campaign_id": DraftRow.campaign_id.expression,
    "lead_id": DraftRow.lead_id.expression,
    "message_id": DraftRow.message_id.expression,
}
_UNSHOWN = {"reply", "traceparent", "correlation_id"}
_SHOWN = [each for each in DraftRow.__table__.columns if each.name not in _UNSHOWN]
_CHANGED = {
    "status": "text",
    "subject": "text",
    "body": "text",
    "generated_body": "text",
    "signature": "text",
    "text": "text",
    "citations": "jsonb",
    "knowledge": "text",
    "resolution": "jsonb",
    "model": "text",
    "strategy": "jsonb",
    "usage": "jsonb",
    "error": "jsonb",
    "edit_distance": "int",
    "revision": "int",
    "decided_at": "timestamptz",
    "decided_by": "text",
}
"""The columns that a transition may change."""
_SAVE = text(
    f"update draft set {', '.join(f'{name} = new.{name}' for name in _CHANGED)},"  # noqa: S608 — ours
    f" {settle_columns('draft')} from json_to_recordset(:rows) as new(draft_id uuid,"
    f" {', '.join(f'{name} {kind}' for name, kind in {**_CHANGED, **SETTLEMENT}.items())})"
    " where draft.draft_id = new.draft_id"
).bindparams(bindparam("rows", type_=JSON))
_ADDED = {
    "draft_id": "uuid",
    "workspace_id": "text",
    "message_id": "text",
    "lead_id": "text",
    "campaign_id": "text",
    "channel": "text",
    "received_at": "timestamptz",
    "reply": "jsonb",
    "traceparent": "text",
    "correlation_id": "text",
    "status": "text",
    "subject": "text",
    "error": "jsonb",
    "created_at": "timestamptz",
    "due_at": "timestamptz",
}
"""The columns of a draft that is new."""
_ADD = text(
    f"with stored as (insert into draft ({', '.join(_ADDED)})"  # noqa: S608 — ours
    f" select {', '.join(_ADDED)} from json_to_recordset(:rows)"
    f" as new({', '.join(f'{name} {kind}' for name, kind in _ADDED.items())})"
    " on conflict (workspace_id, message_id) do nothing returning draft_id)"
    " select coalesce((select array_agg(draft_id) from stored), '{}'), pg_notify(:channel, :topic)"
).bindparams(bindparam("rows", type_=JSON))
_LOCK_LEADS = text(
    "with locked as materialized (select pg_advisory_xact_lock(key) from (select distinct"
    " hashtextextended(workspace_id || '/' || lead_id, 0) as key"
    " from unnest(:workspace_ids, :lead_ids) as lead(workspace_id, lead_id) order by key) locks)"
    " select clock_timestamp() from (select count(*) from locked) as all_locked"
).bindparams(*(bindparam(name, type_=ARRAY(String)) for name in ("workspace_ids", "lead_ids")))
_SUPERSEDE = text(
    """
    with newest as (
      select distinct on (draft.workspace_id, draft.lead_id)
        draft.workspace_id, draft.lead_id, draft.draft_id, draft.received_at
      from draft join unnest(:workspace_ids, :lead_ids) as lead(workspace_id, lead_id)
        on draft.workspace_id = lead.workspace_id and draft.lead_id = lead.lead_id
      where coalesce(draft.error->>'type', '') not in ('auto-reply', 'bounce')
      order by draft.workspace_id, draft.lead_id, draft.received_at desc, draft.draft_id desc
    )
    update draft set status = 'superseded', due_at = null, lease_token = null,
      revision = revision + 1
    from newest where draft.workspace_id = newest.workspace_id
      and draft.lead_id = newest.lead_id and draft.status in ('queued', 'ready')
      and (draft.received_at, draft.draft_id) < (newest.received_at, newest.draft_id)
    returning draft.workspace_id, draft.draft_id, draft.message_id, draft.revision, draft.lead_id,
      draft.channel, draft.campaign_id, draft.correlation_id, newest.draft_id as superseded_by
    """
).bindparams(*(bindparam(name, type_=ARRAY(String)) for name in ("workspace_ids", "lead_ids")))
_RECALL_CAMPAIGNS = text(
    """
    with recalled as (
      select draft.draft_id, earlier.campaign_id from draft cross join lateral (
        select campaign_id from draft earlier
        where earlier.workspace_id = draft.workspace_id and earlier.lead_id = draft.lead_id
          and earlier.reply->>'campaign_id' is not null
        order by earlier.received_at desc, earlier.draft_id desc limit 1
      ) earlier
      where draft.draft_id = any(:draft_ids) and draft.campaign_id is null
    )
    update draft set campaign_id = recalled.campaign_id from recalled
    where draft.draft_id = recalled.draft_id
    returning draft.draft_id, draft.campaign_id
    """
)


async def waiting_in(session: Session, status: DraftStatus) -> list[Waiting]:
    """Return how many drafts of the workspace stand in `status`, by the type of their error."""
    error = DraftRow.error.op("->>", return_type=String())
    return await waiting(
        session,
        DraftRow.status == status,
        since=DraftRow.created_at.expression,
        reason=error("type"),
        example=error("detail"),
    )


async def get(session: Session, draft_id: UUID) -> Draft:
    """Return a draft; one that this transaction has loaded already costs no statement.

    Raises:
        DraftNotFoundError: this workspace has none with that id.
    """
    return _found(await session.get(DraftRow, draft_id), draft_id)


async def lock(session: Session, draft_id: UUID) -> Draft:
    """Return a draft, locked until the transaction ends.

    Raises:
        DraftNotFoundError: this workspace has none with that id.
    """
    return _found(await session.get(DraftRow, draft_id, with_for_update=True), draft_id)


async def save(session: Session, draft: Draft) -> None:
    """Store what a transition changed; results that share a transaction are stored together."""
    await write(session, save_all, draft)


async def save_all(session: Session, drafts: Sequence[Draft]) -> None:
    """Store what transitions changed."""
    rows = [_values(draft) | settlement_of(session, draft.draft_id) for draft in drafts]
    await session.execute(_SAVE, {"rows": rows})
    for draft in drafts:
        loaded = session.sync_session.identity_map.get(identity_key(DraftRow, draft.draft_id))
        if loaded is not None:
            session.expire(loaded)


async def add_all(session: Session, drafts: Collection[Draft]) -> set[UUID]:
    """Insert drafts, at most one per (workspace, message); return the ids that are new.

    The queued ones are due at once.
    """
    rows = [
        {
            "draft_id": str(draft.draft_id),
            "workspace_id": draft.workspace_id,
            "message_id": draft.message_id,
            "lead_id": draft.lead_id,
            "campaign_id": draft.campaign_id,
            "channel": draft.channel.value,
            "received_at": draft.received_at.isoformat(),
            "reply": draft.reply,
            "traceparent": draft.traceparent,
            "correlation_id": draft.correlation_id,
            "status": draft.status.value,
            "subject": draft.subject,
            "error": draft.failure and asdict(draft.failure),
            "created_at": draft.created_at.isoformat(),
            "due_at": draft.created_at.isoformat() if draft.status is DraftStatus.QUEUED else None,
        }
        for draft in drafts
    ]
    woken = {"channel": WORK_CHANNEL, "topic": LEASES.name}
    new_ids = (await session.execute(_ADD, {"rows": rows, **woken})).scalar_one()
    return set(new_ids)


async def page(
    session: Session, filters: Mapping[str, str], after: UUID | None, limit: int
) -> list[ShownDraft]:
    """Return up to `limit` drafts, newest first, that equal `filters`, by name of the field."""
    query = select(*_SHOWN).order_by(DraftRow.draft_id.desc()).limit(limit)
    for name, value in filters.items():
        query = query.where(_FILTERS[name] == value)
    if after is not None:
        query = query.where(DraftRow.draft_id < after)
    return [ShownDraft(**_shown(row)) for row in await session.execute(query)]


async def has_newer_reply(session: Session, draft: Draft) -> bool:
    """Return whether the lead has replied again since; programs and servers do not count."""
    failure = func.coalesce(DraftRow.error["type"].astext, "")
    newer = select(DraftRow.draft_id).where(
        DraftRow.workspace_id == draft.workspace_id,
        DraftRow.lead_id == draft.lead_id,
        DraftRow.received_at > draft.received_at,
        failure.not_in((AutoReplyError.slug, BounceError.slug)),
    )
    return await session.scalar(newer.limit(1)) is not None


async def note_failure(session: Session, draft_id: UUID, failure: DraftFailure) -> None:
    """Store why a draft is tried again."""
    await session.execute(
        update(DraftRow)
        .where(DraftRow.draft_id == draft_id)
        .values(last_error=asdict(failure))
        .execution_options(synchronize_session=False)
    )


async def replies(session: Session, message_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Return the replies of the workspace that have a draft, of these."""
    rows = await session.execute(
        select(DraftRow.message_id, DraftRow.reply).where(any_of(DraftRow.message_id, message_ids))
    )
    return {row.message_id: row.reply for row in rows}


async def make_due(session: Session, draft_id: UUID) -> None:
    """Make a queued draft due at once, by the database's clock."""
    await session.execute(
        update(DraftRow)
        .where(DraftRow.draft_id == draft_id, DraftRow.status == DraftStatus.QUEUED)
        .values(due_at=func.now(), attempts=0, deaths=0, last_error=None)
        .execution_options(synchronize_session=False)
    )
    await LEASES.wake_workers(session)


async def lock_leads(session: Session, leads: Collection[LeadKey]) -> datetime:
    """Let one transaction at a time judge which reply of a lead is the newest.

    Returns the time by the database's clock once the leads are locked.
    """
    return (await session.scalars(_LOCK_LEADS, _columns(leads))).one().astimezone(UTC)


async def recall_campaigns(session: Session, draft_ids: Collection[UUID]) -> dict[UUID, str]:
    """Set the campaign of replies that name none: that of the lead's newest reply which names one.

    Returns the campaigns that were set, by draft. The leads must be locked.
    """
    if not draft_ids:
        return {}
    rows = await session.execute(_RECALL_CAMPAIGNS, {"draft_ids": list(draft_ids)})
    return {row.draft_id: row.campaign_id for row in rows}


async def supersede_older(session: Session, leads: Collection[LeadKey]) -> list[Superseded]:
    """Close every open draft of locked `leads` but that of the newest reply."""
    rows = await session.execute(_SUPERSEDE, _columns(leads))
    return [Superseded(**row) for row in rows.mappings()]


def _columns(leads: Collection[LeadKey]) -> dict[str, list[str]]:
    ordered = sorted(set(leads))
    return {
        "workspace_ids": [lead.workspace_id for lead in ordered],
        "lead_ids": [lead.lead_id for lead in ordered],
    }


def _found(row: DraftRow | None, draft_id: UUID) -> Draft:
    if row is None:
        raise DraftNotFoundError(f"no draft {draft_id}")
    return _draft(row)


def _draft(row: DraftRow) -> Draft:
    return Draft(
        **_shown(row),
        reply=row.reply,
        traceparent=row.traceparent,
        correlation_id=row.correlation_id,
    )


def _shown(row: DraftRow | Row[*tuple[Any, ...]]) -> dict[str, Any]:
    status = DraftStatus(row.status)
    if status is DraftStatus.QUEUED and row.lease_token is not None:
        status = DraftStatus.GENERATING
    return {
        "draft_id": row.draft_id,
        "workspace_id": row.workspace_id,
        "message_id": row.message_id,
        "lead_id": row.lead_id,
        "campaign_id": row.campaign_id,
        "channel": Channel(row.channel),
        "received_at": row.received_at,
        "status": status,
        "subject": row.subject,
        "body": row.body,
        "generated_body": row.generated_body,
        "signature": row.signature,
        "text": row.text,
        "citations": tuple(map(_passage, row.citations)),
        "knowledge": cast("KnowledgeStatus | None", row.knowledge),  # a check constraint keeps it
        "resolution": row.resolution,
        "model": row.model,
        "strategy": _kept(row.strategy) if row.strategy else None,
        "usage": TokenUsage(**row.usage) if row.usage else None,
        "failure": DraftFailure(**row.error) if row.error else None,
        **_waiting(row, status),
        "edit_distance": row.edit_distance,
        "revision": row.revision,
        "created_at": row.created_at,
        "decided_at": row.decided_at,
        "decided_by": row.decided_by,
    }


def _waiting(row: DraftRow | Row[*tuple[Any, ...]], status: DraftStatus) -> dict[str, Any]:
    """Return what is shown of the attempts of a draft that is to be written."""
    if status not in (DraftStatus.QUEUED, DraftStatus.GENERATING):
        return {}
    is_retry = status is DraftStatus.QUEUED and row.attempts > 0
    return {
        "attempts": row.attempts,
        "last_failure": DraftFailure(**row.last_error) if row.last_error else None,
        "next_try_at": row.due_at if is_retry else None,
    }


def _values(draft: Draft) -> dict[str, Any]:
    is_claimed = draft.status is DraftStatus.GENERATING
    return {
        "draft_id": str(draft.draft_id),
        "status": DraftStatus.QUEUED.value if is_claimed else draft.status.value,
        "subject": draft.subject,
        "body": draft.body,
        "generated_body": draft.generated_body,
        "signature": draft.signature,
        "text": draft.text,
        "citations": [_citation(passage) for passage in draft.citations],
        "knowledge": draft.knowledge,
        "resolution": draft.resolution,
        "model": draft.model,
        "strategy": draft.strategy and _strategy(draft.strategy),
        "usage": draft.usage and asdict(draft.usage),
        "error": draft.failure and asdict(draft.failure),
        "edit_distance": draft.edit_distance,
        "revision": draft.revision,
        "decided_at": draft.decided_at and draft.decided_at.isoformat(),
        "decided_by": draft.decided_by,
    }


def _passage(citation: Mapping[str, Any]) -> PassageText:
    persona_id = citation.get("persona_id")
    return PassageText(
        text=citation["text"],
        source=citation["source"],
        page_start=citation.get("page_start"),
        page_end=citation.get("page_end"),
        section=citation.get("section"),
        file_id=citation["file_id"],
        chunk_id=citation["chunk_id"],
        persona_id=None if persona_id is None else UUID(persona_id),
    )


def _citation(passage: PassageText) -> dict[str, Any]:
    persona_id = passage.persona_id
    return asdict(passage) | {"persona_id": None if persona_id is None else str(persona_id)}


def _kept(strategy: Mapping[str, Any]) -> KeptStrategy:
    failure = strategy.get("error")
    return KeptStrategy(
        made_for=strategy["made_for"],
        text=strategy["text"],
        steps=strategy["steps"],
        usage=TokenUsage(**strategy["usage"]),
        failure=DraftFailure(**failure) if failure else None,
    )


def _strategy(kept: KeptStrategy) -> dict[str, Any]:
    return {
        "made_for": kept.made_for,
        "text": kept.text,
        "steps": kept.steps,
        "usage": asdict(kept.usage),
        "error": kept.failure and asdict(kept.failure),
    }


LEASES = Leases(DraftRow, _draft, settled_by_save=True)
