"""Erase what is kept of a lead."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from voice_svc.adapters.erasing import delete_calls_of_lead


async def erase_lead(store: Store, erasure: Erasure) -> None:
    """Delete the lead's calls up to the erasure, and every event about the lead."""
    async with store.worker() as session:
        await erase_traces(session, erasure.workspace_id, [erasure.subject_id])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
    await delete_calls_of_lead(store, erasure.workspace_id, erasure.subject_id, erasure.before)
