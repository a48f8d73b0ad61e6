"""The audit trail."""

from uuid import UUID

from service_kit.store import Session
from sqlalchemy import select

from persona_svc.adapters.tables import AuditRow


async def page(
    session: Session, workspace_id: str, entity_id: str | None, after: UUID | None, limit: int
) -> list[AuditRow]:
    """Return up to `limit` entries, newest first, of one entity if it is given."""
    query = (
        select(AuditRow)
        .where(AuditRow.workspace_id == workspace_id)
        .order_by(AuditRow.audit_id.desc())
        .limit(limit)
    )
    if entity_id is not None:
        query = query.where(AuditRow.entity_id == entity_id)
    if after is not None:
        query = query.where(AuditRow.audit_id < after)
    return list(await session.scalars(query))
