"""Workspaces: every command locks its own first, so that commands follow each other."""

from service_kit.store import Session
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from persona_svc.adapters.tables import WorkspaceRow
from persona_svc.domain.workspace import Workspace
from persona_svc.domain.workspace_settings import WorkspaceSettings


async def lock(session: Session, workspace_id: str) -> Workspace:
    """Return the workspace, created if need be, locked until the transaction ends."""
    await session.execute(
        insert(WorkspaceRow).values(workspace_id=workspace_id, settings={}).on_conflict_do_nothing()
    )
    rows = await session.scalars(
        select(WorkspaceRow)
        .where(WorkspaceRow.workspace_id == workspace_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return _workspace(rows.one())


async def get(session: Session, workspace_id: str) -> Workspace:
    """Return the workspace; one that nobody has written to yet is empty, and is not stored."""
    row = await session.get(WorkspaceRow, workspace_id)
    return Workspace(workspace_id=workspace_id) if row is None else _workspace(row)


async def save(session: Session, workspace: Workspace) -> None:
    """Store a locked workspace."""
    await session.execute(
        update(WorkspaceRow)
        .where(WorkspaceRow.workspace_id == workspace.workspace_id)
        .values(
            revision=workspace.revision,
            default_persona_id=workspace.default_persona_id,
            settings=workspace.settings.stored(),
            settings_revision=workspace.settings_revision,
        )
    )


async def without_default_in_all_workspaces(session: Session) -> list[str]:
    """Return the workspaces without a default persona, asked as a worker."""
    rows = await session.scalars(
        select(WorkspaceRow.workspace_id)
        .where(WorkspaceRow.default_persona_id.is_(None))
        .order_by(WorkspaceRow.workspace_id)
    )
    return list(rows)


def _workspace(row: WorkspaceRow) -> Workspace:
    return Workspace(
        workspace_id=row.workspace_id,
        revision=row.revision,
        default_persona_id=row.default_persona_id,
        settings=WorkspaceSettings.from_dict(row.settings),
        settings_revision=row.settings_revision,
    )
