"""The versions of personas."""

from uuid import UUID

from service_kit.store import Session
from sqlalchemy import select

from persona_svc.adapters.tables import VersionRow
from persona_svc.domain.persona import Persona, PersonaFields
from persona_svc.domain.version import PersonaVersion, VersionNotFoundError, VersionSummary


async def add(session: Session, persona: Persona, changed_by: str, summary: str) -> None:
    """Store the persona as its present version."""
    session.add(
        VersionRow(
            workspace_id=persona.workspace_id,
            persona_id=persona.persona_id,
            version=persona.version,
            fields=persona.fields.stored(),
            changed_by=changed_by,
            changes_summary=summary,
            created_at=persona.updated_at,
        )
    )


async def get(session: Session, workspace_id: str, persona_id: UUID, number: int) -> PersonaVersion:
    """Return one stored version.

    Raises:
        VersionNotFoundError: the persona has none with that number.
    """
    row = await session.get(VersionRow, (persona_id, number))
    if row is None or row.workspace_id != workspace_id:
        raise VersionNotFoundError(f"persona {persona_id} has no version {number}")
    return _version(row)


async def page(
    session: Session, workspace_id: str, persona_id: UUID, before: int | None, limit: int
) -> list[VersionSummary]:
    """Return up to `limit` versions, newest first."""
    query = (
        select(
            VersionRow.version.label("number"),
            VersionRow.changed_by,
            VersionRow.changes_summary,
            VersionRow.created_at,
        )
        .where(VersionRow.workspace_id == workspace_id, VersionRow.persona_id == persona_id)
        .order_by(VersionRow.version.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(VersionRow.version < before)
    return [VersionSummary(**row) for row in (await session.execute(query)).mappings()]


def _version(row: VersionRow) -> PersonaVersion:
    return PersonaVersion(
        number=row.version,
        fields=PersonaFields.from_dict(row.fields),
        changed_by=row.changed_by,
        changes_summary=row.changes_summary,
        created_at=row.created_at,
    )
