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
from voice_svc.usecases.ports import Agents
from voice_svc.usecases.remove_agent import remove_agent


async def erase_persona(store: Store, vendor: Agents, public_url: str, erasure: Erasure) -> None:
    """Remove the agent at the vendor's, then its row, the events about it, its calls and speech.

    Raises:
        UpstreamError: the vendor is away; the erasure is tried again until it is done.
    """
    persona_id = UUID(erasure.subject_id)
    async with store.worker() as session:
        agent = await agents.find(session, persona_id)
    if agent is not None and agent.workspace_id == erasure.workspace_id:
        if agent.has_traces:
            await remove_agent(vendor, agent, public_url, may_exist=True)
        crash_point("erase-agent-removed")
        await delete_agent(store, erasure.workspace_id, persona_id)
    async with store.worker() as session:
        await erase_traces(session, erasure.workspace_id, [erasure.subject_id])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
    await delete_calls_of_persona(store, erasure.workspace_id, persona_id)
    await delete_speech_of_persona(store, erasure.workspace_id, persona_id)
