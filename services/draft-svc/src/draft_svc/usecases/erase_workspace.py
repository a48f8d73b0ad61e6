"""Erase a workspace: every reply and every draft."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from draft_svc.adapters.erasing import delete_all_drafts


async def erase_workspace(store: Store, erasure: Erasure) -> None:
    """Delete all drafts of the workspace, then every event about them."""
    await delete_all_drafts(store, erasure.workspace_id)
    async with store.worker() as session:
        await erase_all_traces(session, erasure.workspace_id)
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
