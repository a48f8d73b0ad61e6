"""Know whether somebody has signed out."""

from service_kit.store import Store

from studio_svc.adapters import browser_sessions
from studio_svc.domain.browser_session import BrowserSession


async def has_ended(store: Store, known: BrowserSession) -> bool:
    """Return whether a session that was there is over."""
    async with store.worker() as session:
        return not await browser_sessions.is_there(session, known.session_id)
