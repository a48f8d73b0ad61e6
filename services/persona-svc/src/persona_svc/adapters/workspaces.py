"""Workspaces: the row that every command locks first."""

from service_kit.store import Session
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from persona_svc.adapters.tables import WorkspaceRow


async def lock(session: Session, workspace_id: str) -> WorkspaceRow:
    """Return the workspace, created if need be, locked until the transaction ends."""
    await session.execute(
        insert(WorkspaceRow).values(workspace_id=workspace_id, settings={}).on_conflict_do_nothing()
    )
    return await session.get_one(WorkspaceRow, workspace_id, with_for_update=True)


async def read(session: Session, workspace_id: str) -> WorkspaceRow:
    """Return the workspace; one that nobody has written to yet is empty, and is not stored."""
    row = await session.get(WorkspaceRow, workspace_id)
    return row or WorkspaceRow(
        workspace_id=workspace_id, revision=0, settings={}, settings_revision=0
    )


async def bump_revisions(session: Session, by: int) -> int:
    """Raise every revision by `by`, after a restore made them fall; return how many workspaces."""
    rows = await session.scalars(
        update(WorkspaceRow)
        .values(
            revision=WorkspaceRow.revision + by,
            settings_revision=WorkspaceRow.settings_revision + by,
        )
        .returning(WorkspaceRow.workspace_id)
    )
    return len(rows.all())
