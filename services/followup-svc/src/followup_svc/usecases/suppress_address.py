"""Suppress an e-mail address, whichever lead has it."""

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from followup_svc.adapters import leads, suppressions
from followup_svc.domain.instance import Reason
from followup_svc.domain.lead import Suppression
from followup_svc.usecases.stop_leads import stop_leads


async def suppress_address(
    session: Session,
    workspace_id: str,
    address: str,
    *,
    reason: str,
    by: str,
    stopped_as: Reason = Reason.UNSUBSCRIBED,
) -> Suppression:
    """Put a folded address onto the suppression list, and stop what is on its way there.

    Return its suppression: one that was there already stays as it is.
    """
    found = await suppressions.find_of_address(session, workspace_id, address)
    if found is None:
        found = Suppression(
            suppression_id=new_id(),
            workspace_id=workspace_id,
            lead_id=None,
            addresses=(address,),
            reason=reason,
            created_by=by,
            created_at=await database_now(session),
        )
        await suppressions.add_all(session, [found])
    keys = await leads.of_addresses(session, workspace_id, [address])
    if keys:
        await stop_leads(session, keys, stopped_as, detail=reason, by=by)
    return found
