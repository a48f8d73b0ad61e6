"""Know a browser again."""

from service_kit.store import Store

from studio_svc.adapters import browser_sessions
from studio_svc.domain.browser_session import BrowserSession
from studio_svc.domain.secret import MAX_CHARS, digest


async def find_session(store: Store, secret: str) -> BrowserSession | None:
    """Return the session that `secret` stands for; None: it is over, or there was none."""
    if not 0 < len(secret) <= MAX_CHARS:
        return None
    async with store.worker() as session:
        found = await browser_sessions.find(session, digest(secret))
        if found is None:
            return None
        known, is_long_ago = found
        if is_long_ago:
            await browser_sessions.mark_seen(session, known.session_id)
    return known
