"""Forget who was signed in."""

from service_kit.store import Store, database_now

from studio_svc.adapters import browser_sessions, login_codes


async def forget_sessions(store: Store) -> None:
    """Delete the sessions and codes that are over, in all workspaces."""
    async with store.worker() as session:
        now = await database_now(session)
        await browser_sessions.forget_over(session, now)
        await login_codes.forget_over(session, now)
