"""Erase what is kept of a persona, here and at the vendor's."""

from uuid import UUID

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from voice_svc.adapters import agents
from voice_svc.adapters.erasing import (
    delete_agent,
    delete_calls_of_persona,
    delete_speech_of_persona,
)
from voice_svc.usecases.erase_at_vendor import EraseAtVendor


async def erase_persona(store: Store, vendor: EraseAtVendor, erasure: Erasure) -> None:
    """Delete its calls, its speech and the events about it at once; then what the vendor has.

    The row of the agent stays until the vendor has nothing any more: it says what is left.

    Raises:
        ServiceError: the vendor is away; the erasure is tried again until it is done.
    """
    workspace_id, persona_id = erasure.workspace_id, UUID(erasure.subject_id)
    async with store.worker() as session:
        await erase_traces(session, workspace_id, [erasure.subject_id])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
    await delete_calls_of_persona(store, workspace_id, persona_id)
    await delete_speech_of_persona(store, workspace_id, persona_id)
    async with store.worker() as session:
        agent = await agents.find(session, persona_id)
    if agent is None or agent.workspace_id != workspace_id:
        return
    await vendor.erase(workspace_id, [agent], persona_id)
    crash_point("erase-agent-removed")
    await delete_agent(store, workspace_id, persona_id)
