"""Erase a workspace."""

from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from chat_svc.adapters.erasing import delete_all


async def erase_workspace(store: Store, erasure: Erasure) -> None:
    """Delete its conversations and every event about them."""
    await delete_all(store, erasure.workspace_id)
    async with store.worker() as session:
        await erase_all_traces(session, erasure.workspace_id)
