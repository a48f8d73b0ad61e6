"""Erase a lead: what is known of it, and its ways through sequences."""

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from followup_svc.adapters.erasing import delete_lead, ids_of_lead


async def erase_lead(store: Store, erasure: Erasure) -> None:
    """Delete the lead, its suppression, its instances up to the erasure, and all events about them.

    The traces go first: they are found by the ids of the instances.
    """
    workspace_id, lead_id = erasure.workspace_id, erasure.subject_id
    async with store.worker() as session:
        ids = await ids_of_lead(session, workspace_id, lead_id)
        await erase_traces(session, workspace_id, [lead_id, *ids])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
    await delete_lead(store, workspace_id, lead_id, erasure.before)
