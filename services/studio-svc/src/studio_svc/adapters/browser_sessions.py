"""Sessions: rows become sessions here and never leave."""

from datetime import datetime
from uuid import UUID

from service_kit.identity import Role
from service_kit.store import Session
from sqlalchemy import delete, func, select, update

from studio_svc.adapters.tables import BrowserSessionRow
from studio_svc.domain.browser_session import (
    SEEN_EVERY,
    BrowserSession,
    Person,
    SessionNotFoundError,
)


async def find(session: Session, digest: bytes) -> tuple[BrowserSession, bool] | None:
    """Return the session that is not over with this digest, in any workspace.

    Beside it stands whether it was last seen more than SEEN_EVERY ago.
    """
    query = select(BrowserSessionRow, BrowserSessionRow.seen_at < func.now() - SEEN_EVERY).where(
        BrowserSessionRow.digest == digest, BrowserSessionRow.expires_at > func.now()
    )
    found = (await session.execute(query)).one_or_none()
    return None if found is None else (_session(found[0]), found[1])


async def is_there(session: Session, session_id: UUID) -> bool:
    """Return whether a session is not over."""
    query = select(BrowserSessionRow.session_id).where(
        BrowserSessionRow.session_id == session_id, BrowserSessionRow.expires_at > func.now()
    )
    return await session.scalar(query) is not None


async def add(session: Session, started: BrowserSession, digest: bytes) -> None:
    """Store a new session."""
    person = started.person
    session.add(
        BrowserSessionRow(
            session_id=started.session_id,
            workspace_id=person.workspace_id,
            digest=digest,
            subject=person.subject,
            role=person.role,
            name=person.name,
            email=person.email,
            user_agent=started.user_agent,
            created_at=started.created_at,
            seen_at=started.seen_at,
            expires_at=started.expires_at,
        )
    )
    await session.flush()


async def mark_seen(session: Session, session_id: UUID) -> None:
    """Note that it was used now."""
    await session.execute(
        update(BrowserSessionRow)
        .where(BrowserSessionRow.session_id == session_id)
        .values(seen_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def remove(session: Session, session_id: UUID, subject: str | None) -> None:
    """End a session, of this person or of anybody.

    Raises:
        SessionNotFoundError: there is none.
    """
    statement = delete(BrowserSessionRow).where(BrowserSessionRow.session_id == session_id)
    if subject is not None:
        statement = statement.where(BrowserSessionRow.subject == subject)
    if await session.scalar(statement.returning(BrowserSessionRow.session_id)) is None:
        raise SessionNotFoundError(f"no session {session_id}")


async def page(
    session: Session, subject: str | None, before: UUID | None, limit: int
) -> list[BrowserSession]:
    """Return up to `limit` sessions that are not over, of a person or of all, the newest first."""
    query = select(BrowserSessionRow).where(BrowserSessionRow.expires_at > func.now())
    if subject is not None:
        query = query.where(BrowserSessionRow.subject == subject)
    if before is not None:
        query = query.where(BrowserSessionRow.session_id < before)
    newest = query.order_by(BrowserSessionRow.session_id.desc()).limit(limit)
    return [_session(row) for row in await session.scalars(newest)]


async def forget_over(session: Session, at: datetime) -> None:
    """Delete what is over, in all workspaces."""
    await session.execute(delete(BrowserSessionRow).where(BrowserSessionRow.expires_at < at))


async def delete_all(session: Session, workspace_id: str) -> None:
    """Delete all of a workspace."""
    await session.execute(
        delete(BrowserSessionRow).where(BrowserSessionRow.workspace_id == workspace_id)
    )


def _session(row: BrowserSessionRow) -> BrowserSession:
    person = Person(
        workspace_id=row.workspace_id,
        subject=row.subject,
        role=Role(row.role),
        name=row.name,
        email=row.email,
    )
    return BrowserSession(
        session_id=row.session_id,
        person=person,
        user_agent=row.user_agent,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
    )
