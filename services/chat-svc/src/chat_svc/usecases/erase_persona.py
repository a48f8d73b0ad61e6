"""Erase what is kept of a persona."""

from uuid import UUID

from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from chat_svc.adapters.erasing import delete_persona


async def erase_persona(store: Store, erasure: Erasure) -> None:
    """Delete its conversations, its answers in others, and the events about it."""
    workspace_id = erasure.workspace_id
    await delete_persona(store, workspace_id, UUID(erasure.subject_id))
    async with store.worker() as session:
        await erase_traces(session, workspace_id, [erasure.subject_id])
