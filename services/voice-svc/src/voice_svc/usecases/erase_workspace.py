"""Erase a workspace, here and at the vendor's."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from voice_svc.adapters import agents
from voice_svc.adapters.erasing import (
    delete_agents_of_workspace,
    delete_calls_of_workspace,
    delete_speech_of_workspace,
)
from voice_svc.usecases.erase_at_vendor import EraseAtVendor


async def erase_workspace(store: Store, vendor: EraseAtVendor, erasure: Erasure) -> None:
    """Delete its calls, its speech and every event about it at once; then what the vendor has.

    Raises:
        ServiceError: the vendor is away; the erasure is tried again until it is done.
    """
    workspace_id = erasure.workspace_id
    await delete_calls_of_workspace(store, workspace_id)
    await delete_speech_of_workspace(store, workspace_id)
    async with store.worker() as session:
        await erase_all_traces(session, workspace_id)
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
    async with store.worker() as session:
        found = await agents.of_workspace(session, workspace_id)
    await vendor.erase(workspace_id, found)
    await delete_agents_of_workspace(store, workspace_id)
