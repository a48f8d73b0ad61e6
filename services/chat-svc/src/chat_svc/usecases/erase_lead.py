"""Erase what is kept of a lead: what it asked."""

from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from chat_svc.adapters.erasing import delete_questions_of


async def erase_lead(store: Store, erasure: Erasure) -> None:
    """Delete the questions that this lead alone asked."""
    workspace_id, lead_id = erasure.workspace_id, erasure.subject_id
    await delete_questions_of(store, workspace_id, [lead_id])
    async with store.worker() as session:
        await erase_traces(session, workspace_id, [lead_id])
