"""Deletes for good, in every table."""

from datetime import datetime
from uuid import UUID

from service_kit.audit import AuditRow
from service_kit.store import Session
from sqlalchemy import delete, select, update

from persona_svc.adapters.tables import (
    AssignmentRow,
    CampaignRow,
    ModelPolicyRow,
    PersonaRow,
    PromptTemplateRow,
    VersionRow,
)


async def is_deleted(session: Session, persona_id: UUID, at: datetime) -> bool:
    """Return whether the persona was deleted at that time, and has not come back since."""
    deleted_at = await session.scalar(
        select(PersonaRow.deleted_at).where(PersonaRow.persona_id == persona_id)
    )
    return deleted_at == at


async def erase_persona(session: Session, workspace_id: str, persona_id: UUID) -> None:
    """Delete the row of a deleted persona, its versions, and what the audit trail tells of it."""
    await session.execute(delete(VersionRow).where(VersionRow.persona_id == persona_id))
    await session.execute(
        update(PersonaRow).where(PersonaRow.parent_id == persona_id).values(parent_id=None)
    )
    await session.execute(delete(PersonaRow).where(PersonaRow.persona_id == persona_id))
    await session.execute(
        update(AuditRow)
        .where(AuditRow.workspace_id == workspace_id, AuditRow.entity_id == str(persona_id))
        .values(summary=None)
    )


async def erase_workspace(session: Session, workspace_id: str) -> None:
    """Delete all that a workspace has but its own row."""
    owned = (
        AssignmentRow,
        CampaignRow,
        VersionRow,
        PersonaRow,
        PromptTemplateRow,
        ModelPolicyRow,
        AuditRow,
    )
    for table in owned:
        await session.execute(delete(table).where(table.workspace_id == workspace_id))
