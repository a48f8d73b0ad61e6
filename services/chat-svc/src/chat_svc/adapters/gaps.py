"""Gaps: rows become aggregates here and never leave."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.ids import new_id
from service_kit.store import Session
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from chat_svc.adapters.tables import GapRow, GapSourceRow
from chat_svc.domain.gap import Gap, GapNotFoundError, Unanswered

_SHOWN = ("gap_id", "workspace_id", "persona_id", "question", "revision", "created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class GapView:
    """A gap, and how often its question was asked."""

    gap: Gap
    asked: int
    last_asked_at: datetime


async def lock_or_add(session: Session, unanswered: Unanswered) -> tuple[Gap, bool]:
    """Return the gap of a question, locked, and whether it was made now."""
    made = await session.scalar(
        insert(GapRow)
        .values(
            gap_id=new_id(),
            workspace_id=unanswered.workspace_id,
            persona_id=unanswered.persona_id,
            question=unanswered.question,
            question_key=unanswered.key,
            revision=unanswered.revision,
        )
        .on_conflict_do_nothing(index_elements=["workspace_id", "persona_id", "question_key"])
        .returning(GapRow.gap_id)
    )
    query = select(GapRow).where(
        GapRow.workspace_id == unanswered.workspace_id,
        GapRow.persona_id == unanswered.persona_id,
        GapRow.question_key == unanswered.key,
    )
    row = (await session.scalars(query.with_for_update())).one()
    return _gap(row), made is not None


async def add_source(session: Session, gap: Gap, unanswered: Unanswered) -> None:
    """Note where the question was asked, once."""
    source = insert(GapSourceRow).values(
        gap_id=gap.gap_id,
        source_id=unanswered.source_id,
        workspace_id=unanswered.workspace_id,
        origin=unanswered.origin,
        owner_id=unanswered.owner_id,
        asked_at=unanswered.asked_at,
    )
    await session.execute(source.on_conflict_do_nothing())


async def lock(session: Session, gap_id: UUID) -> Gap:
    """Return a gap, and keep others from changing it.

    Raises:
        GapNotFoundError: there is none with that id.
    """
    row = await session.get(GapRow, gap_id, with_for_update=True)
    if row is None:
        raise GapNotFoundError(f"no gap {gap_id}")
    return _gap(row)


async def save(session: Session, gap: Gap) -> None:
    """Store a changed gap."""
    row = await session.get_one(GapRow, gap.gap_id)
    for name, value in asdict(gap).items():
        setattr(row, name, value)
    await session.flush()


async def view(session: Session, gap: Gap) -> GapView:
    """Return a gap as it is shown.

    Raises:
        GapNotFoundError: all who asked it are erased.
    """
    query = _views().where(GapRow.gap_id == gap.gap_id)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise GapNotFoundError(f"no gap {gap.gap_id}")
    return GapView(gap=gap, asked=found.asked, last_asked_at=found.last_asked_at)


async def page(
    session: Session,
    after: UUID | None,
    limit: int,
    *,
    persona_id: UUID | None,
    answered: bool,
) -> list[GapView]:
    """Return up to `limit` gaps, of one persona or of all, the newest first."""
    query = _views().order_by(GapRow.gap_id.desc()).limit(limit)
    query = query.where(
        GapRow.answered_at.is_not(None) if answered else GapRow.answered_at.is_(None)
    )
    if persona_id is not None:
        query = query.where(GapRow.persona_id == persona_id)
    if after is not None:
        query = query.where(GapRow.gap_id < after)
    rows = await session.execute(query)
    return [GapView(gap=_gap(row), asked=asked, last_asked_at=last) for row, asked, last in rows]


def _views() -> Select[GapRow, int, datetime]:
    counted = (
        select(func.count().label("asked"), func.max(GapSourceRow.asked_at).label("last_asked_at"))
        .where(GapSourceRow.gap_id == GapRow.gap_id)
        .lateral()
    )
    # When all who asked a question are erased, it goes in a later transaction.
    asked = select(GapRow, counted.c.asked, counted.c.last_asked_at)
    return asked.where(counted.c.asked > 0)


def _gap(row: GapRow) -> Gap:
    values: dict[str, Any] = {name: getattr(row, name) for name in _SHOWN}
    return Gap(**values, answered_at=row.answered_at, answered_by=row.answered_by)
