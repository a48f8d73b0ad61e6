"""Erase a workspace."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from voice_svc.adapters.erasing import delete_workspace


async def erase_workspace(store: Store, erasure: Erasure) -> None:
    """Delete every row of the workspace, then every event about it."""
    await delete_workspace(store, erasure.workspace_id)
    async with store.worker() as session:
        await erase_all_traces(session, erasure.workspace_id)
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
