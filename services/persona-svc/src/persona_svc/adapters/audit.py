"""The audit trail."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import insert, select

from persona_svc.adapters.tables import AuditRow
from persona_svc.domain.audit import AuditEntry

_FIELDS = tuple(item.name for item in fields(AuditEntry))


async def add_all(session: Session, entries: Iterable[AuditEntry]) -> None:
    """Store what a command did."""
    rows = [asdict(entry) for entry in entries]
    if rows:
        await session.execute(insert(AuditRow), rows)


async def page(
    session: Session, workspace_id: str, entity_id: str | None, after: UUID | None, limit: int
) -> list[AuditEntry]:
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
    return [_entry(row) for row in await session.scalars(query)]


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in _FIELDS})
