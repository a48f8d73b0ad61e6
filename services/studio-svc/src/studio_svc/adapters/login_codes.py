"""Codes of one-time links."""

from datetime import datetime

from service_kit.identity import Role
from service_kit.store import Session
from sqlalchemy import delete

from studio_svc.adapters.tables import LoginCodeRow
from studio_svc.domain.browser_session import Person


async def add(session: Session, digest: bytes, person: Person, expires_at: datetime) -> None:
    """Store a new code."""
    session.add(
        LoginCodeRow(
            digest=digest,
            workspace_id=person.workspace_id,
            subject=person.subject,
            role=person.role,
            expires_at=expires_at,
        )
    )
    await session.flush()


async def take(session: Session, digest: bytes, at: datetime) -> Person | None:
    """Return for whom the code was made, and forget it; None: it is unknown, used or too old."""
    statement = (
        delete(LoginCodeRow)
        .where(LoginCodeRow.digest == digest, LoginCodeRow.expires_at > at)
        .returning(LoginCodeRow)
    )
    row = await session.scalar(statement)
    if row is None:
        return None
    return Person(workspace_id=row.workspace_id, subject=row.subject, role=Role(row.role))


async def forget_over(session: Session, at: datetime) -> None:
    """Delete the codes that are too old, in all workspaces."""
    await session.execute(delete(LoginCodeRow).where(LoginCodeRow.expires_at < at))


async def delete_all(session: Session, workspace_id: str) -> None:
    """Delete all of a workspace."""
    await session.execute(delete(LoginCodeRow).where(LoginCodeRow.workspace_id == workspace_id))
