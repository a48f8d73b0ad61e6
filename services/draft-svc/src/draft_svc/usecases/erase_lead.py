"""Erase a lead: its replies and the drafts that answer them."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from draft_svc.adapters.erasing import delete_drafts_of_lead, ids_of_lead


async def erase_lead(store: Store, erasure: Erasure) -> None:
    """Delete the lead's drafts up to the erasure, and every event about them.

    The traces go first: they are found by the ids of the drafts.
    """
    workspace_id, lead_id = erasure.workspace_id, erasure.subject_id
    async with store.worker() as session:
        ids = await ids_of_lead(session, workspace_id, lead_id)
        await erase_traces(session, workspace_id, [lead_id, *ids])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
    await delete_drafts_of_lead(store, workspace_id, lead_id, erasure.before)
