"""Leads that must not be written to."""

from collections.abc import Collection
from uuid import UUID

from service_kit.store import Session, pair_of
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from followup_svc.adapters.tables import SuppressionRow
from followup_svc.domain.lead import LeadKey, Suppression, SuppressionNotFoundError


async def suppressed(session: Session, keys: Collection[LeadKey]) -> set[LeadKey]:
    """Return those of `keys` that must not be written to."""
    rows = await session.execute(
        select(SuppressionRow.workspace_id, SuppressionRow.lead_id).where(
            pair_of(SuppressionRow.workspace_id, SuppressionRow.lead_id, keys)
        )
    )
    return {LeadKey(workspace_id, lead_id) for workspace_id, lead_id in rows}


async def add_all(session: Session, suppressions: Collection[Suppression]) -> None:
    """Insert suppressions of locked leads; one that there is already stays as it is."""
    await session.execute(
        insert(SuppressionRow).on_conflict_do_nothing(index_elements=["workspace_id", "lead_id"]),
        [
            {
                "suppression_id": suppression.suppression_id,
                "workspace_id": suppression.workspace_id,
                "lead_id": suppression.lead_id,
                "reason": suppression.reason,
                "created_by": suppression.created_by,
                "created_at": suppression.created_at,
            }
            for suppression in suppressions
        ],
    )


async def get_all(session: Session, keys: Collection[LeadKey]) -> list[Suppression]:
    """Return the suppressions of those of `keys` that have one."""
    rows = await session.scalars(
        select(SuppressionRow).where(
            pair_of(SuppressionRow.workspace_id, SuppressionRow.lead_id, keys)
        )
    )
    return [_suppression(row) for row in rows]


async def page(
    session: Session, lead_id: str | None, after: UUID | None, limit: int
) -> list[Suppression]:
    """Return up to `limit` suppressions of the workspace, newest first."""
    query = select(SuppressionRow).order_by(SuppressionRow.suppression_id.desc()).limit(limit)
    if lead_id is not None:
        query = query.where(SuppressionRow.lead_id == lead_id)
    if after is not None:
        query = query.where(SuppressionRow.suppression_id < after)
    return [_suppression(row) for row in await session.scalars(query)]


async def remove(session: Session, suppression_id: UUID) -> None:
    """Delete a suppression.

    Raises:
        SuppressionNotFoundError: this workspace has none with that id.
    """
    removed = await session.scalar(
        delete(SuppressionRow)
        .where(SuppressionRow.suppression_id == suppression_id)
        .returning(SuppressionRow.suppression_id)
    )
    if removed is None:
        raise SuppressionNotFoundError(f"no suppression {suppression_id}")


def _suppression(row: SuppressionRow) -> Suppression:
    return Suppression(
        suppression_id=row.suppression_id,
        workspace_id=row.workspace_id,
        lead_id=row.lead_id,
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
    )
