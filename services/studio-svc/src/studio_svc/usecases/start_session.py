"""Sign a browser in."""

from service_kit import audit
from service_kit.audit import AuditEntry
from service_kit.ids import new_id
from service_kit.store import Session, database_now

from studio_svc.adapters import browser_sessions
from studio_svc.domain.browser_session import (
    LIFETIME,
    MAX_USER_AGENT_CHARS,
    BrowserSession,
    Person,
)
from studio_svc.domain.secret import digest, new_secret


async def start_session(
    session: Session, person: Person, *, user_agent: str
) -> tuple[str, BrowserSession]:
    """Return what the browser has to show from now on, and the session that it stands for."""
    now, secret = await database_now(session), new_secret()
    started = BrowserSession(
        session_id=new_id(),
        person=person,
        user_agent=user_agent[:MAX_USER_AGENT_CHARS],
        created_at=now,
        seen_at=now,
        expires_at=now + LIFETIME,
    )
    await browser_sessions.add(session, started, digest(secret))
    entry = AuditEntry(
        audit_id=new_id(),
        workspace_id=person.workspace_id,
        at=now,
        actor=person.subject,
        role=person.role,
        action="session.start",
        entity="session",
        entity_id=str(started.session_id),
    )
    await audit.add_all(session, [entry])
    return secret, started
