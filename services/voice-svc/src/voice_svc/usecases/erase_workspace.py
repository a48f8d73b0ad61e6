"""Erase a workspace, here and at the vendor's."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_all_traces
from service_kit.store import Store

from voice_svc.adapters import agents
from voice_svc.adapters.erasing import delete_workspace
from voice_svc.usecases.ports import Agents
from voice_svc.usecases.remove_agent import remove_agent


async def erase_workspace(store: Store, vendor: Agents, public_url: str, erasure: Erasure) -> None:
    """Remove its agents at the vendor's, then every row, then every event about it.

    Raises:
        UpstreamError: the vendor is away; the erasure is tried again until it is done.
    """
    async with store.worker() as session:
        found = await agents.of_workspace(session, erasure.workspace_id)
    for agent in found:
        if agent.has_traces:
            await remove_agent(vendor, agent, public_url, may_exist=True)
    await delete_workspace(store, erasure.workspace_id)
    async with store.worker() as session:
        await erase_all_traces(session, erasure.workspace_id)
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
