"""Sign a browser out."""

from uuid import UUID

from service_kit.identity import Principal, Role
from service_kit.store import Session

from studio_svc.adapters import browser_sessions


async def end_session(session: Session, session_id: UUID, *, by: Principal) -> None:
    """End a session of `by`; an admin may end anybody's.

    Raises:
        SessionNotFoundError: there is none that `by` may end.
    """
    whose = None if by.role is Role.ADMIN else by.subject
    await browser_sessions.remove(session, session_id, whose)
