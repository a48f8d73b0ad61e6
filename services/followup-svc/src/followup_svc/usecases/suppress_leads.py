"""Suppress leads: nothing is sent to them any more."""

from collections.abc import Collection

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from followup_svc.adapters import leads, suppressions
from followup_svc.domain.instance import Reason
from followup_svc.domain.lead import UNKNOWN_LEAD, LeadKey, Suppression
from followup_svc.usecases.stop_leads import stop_leads


async def suppress_leads(
    session: Session,
    keys: Collection[LeadKey],
    *,
    reason: str,
    by: str,
    stopped_as: Reason = Reason.UNSUBSCRIBED,
) -> list[Suppression]:
    """Put leads and their addresses onto the suppression list, and stop what is on its way there.

    Return their suppressions: those that were there already stay as they are.
    """
    await leads.lock_all(session, keys)
    known = await leads.get_all(session, keys)
    now = await database_now(session)
    await suppressions.add_all(
        session,
        [
            Suppression(
                suppression_id=new_id(),
                workspace_id=key.workspace_id,
                lead_id=key.lead_id,
                addresses=tuple(filter(None, [known.get(key, UNKNOWN_LEAD).address])),
                reason=reason,
                created_by=by,
                created_at=now,
            )
            for key in sorted(keys)
        ],
    )
    await suppressions.learn_addresses(session, keys)
    found = await suppressions.get_all(session, keys)
    concerned = {*keys}
    for each in found:
        concerned |= await leads.of_addresses(session, each.workspace_id, each.addresses)
    await stop_leads(session, concerned, stopped_as, detail=reason, by=by)
    return found
