"""The queries of calls: rows become aggregates here and never leave."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import undefer_group

from voice_svc.adapters.tables import TEXTS, CallRow
from voice_svc.domain.answer import ToolCitation
from voice_svc.domain.call import Call, CallNotFoundError, EndedCall, ListedCall, Speaker, Turn


class CallFilter(TypedDict):
    """Which calls; what is not named does not matter."""

    persona_id: NotRequired[UUID | None]
    lead_id: NotRequired[str | None]
    since: NotRequired[datetime | None]
    """The earliest start."""
    until: NotRequired[datetime | None]
    """Starts before this."""
    hidden: NotRequired[Collection[UUID]]
    """Personas whose calls are left out."""


async def add_once(session: Session, call: Call) -> bool:
    """Store a call; False when this conversation is stored already."""
    speaker, ended = call.speaker, call.ended
    statement = insert(CallRow).values(
        call_id=call.call_id,
        workspace_id=speaker.workspace_id,
        persona_id=speaker.persona_id,
        revision=speaker.revision,
        conversation_id=ended.conversation_id,
        agent_id=ended.agent_id,
        lead_id=ended.lead_id,
        started_at=ended.started_at,
        duration_seconds=ended.duration_seconds,
        cost=ended.cost,
        turns=len(ended.transcript),
        transcript=[asdict(turn) for turn in ended.transcript],
        citations=[asdict(citation) for citation in ended.citations],
    )
    stored = await session.scalar(
        statement.on_conflict_do_nothing(
            index_elements=["workspace_id", "conversation_id"]
        ).returning(CallRow.call_id)
    )
    return stored is not None


async def get(session: Session, call_id: UUID) -> Call:
    """Return a call.

    Raises:
        CallNotFoundError: there is none with that id.
    """
    row = await session.get(CallRow, call_id, options=[undefer_group(TEXTS)])
    if row is None:
        raise CallNotFoundError(f"no call {call_id}")
    return _call(row)


async def page(
    session: Session, filters: CallFilter, before: UUID | None, limit: int
) -> list[ListedCall]:
    """Return up to `limit` calls, without what was said, newest first."""
    rows = await session.scalars(_matching(filters, before).limit(limit))
    return [_listed(row) for row in rows]


async def whole_page(
    session: Session, filters: CallFilter, before: UUID | None, limit: int
) -> list[Call]:
    """Return the same with what was said."""
    query = _matching(filters, before).limit(limit).options(undefer_group(TEXTS))
    return [_call(row) for row in await session.scalars(query)]


def _matching(filters: CallFilter, before: UUID | None) -> Select[CallRow]:
    query = select(CallRow).order_by(CallRow.call_id.desc())
    if before is not None:
        query = query.where(CallRow.call_id < before)
    if (persona_id := filters.get("persona_id")) is not None:
        query = query.where(CallRow.persona_id == persona_id)
    if hidden := filters.get("hidden"):
        query = query.where(CallRow.persona_id.not_in(hidden))
    if (lead_id := filters.get("lead_id")) is not None:
        query = query.where(CallRow.lead_id == lead_id)
    if (since := filters.get("since")) is not None:
        query = query.where(CallRow.started_at >= since)
    if (until := filters.get("until")) is not None:
        query = query.where(CallRow.started_at < until)
    return query


def _speaker(row: CallRow) -> Speaker:
    return Speaker(workspace_id=row.workspace_id, persona_id=row.persona_id, revision=row.revision)


def _listed(row: CallRow) -> ListedCall:
    return ListedCall(
        call_id=row.call_id,
        speaker=_speaker(row),
        conversation_id=row.conversation_id,
        agent_id=row.agent_id,
        lead_id=row.lead_id,
        started_at=row.started_at,
        duration_seconds=row.duration_seconds,
        cost=row.cost,
        turns=row.turns,
    )


def _call(row: CallRow) -> Call:
    return Call(
        call_id=row.call_id,
        speaker=_speaker(row),
        ended=EndedCall(
            conversation_id=row.conversation_id,
            agent_id=row.agent_id,
            lead_id=row.lead_id,
            started_at=row.started_at,
            duration_seconds=row.duration_seconds,
            cost=row.cost,
            transcript=tuple(Turn(**turn) for turn in row.transcript),
            citations=tuple(ToolCitation(**citation) for citation in row.citations),
        ),
    )
