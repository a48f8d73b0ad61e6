"""Erase a workspace."""

from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from studio_svc.adapters import browser_sessions, login_codes


async def erase_workspace(store: Store, erasure: Erasure) -> None:
    """End its sessions, and delete what is kept of them."""
    async with store.worker() as session:
        await browser_sessions.delete_all(session, erasure.workspace_id)
        await login_codes.delete_all(session, erasure.workspace_id)
        await erase_all_traces(session, erasure.workspace_id)
