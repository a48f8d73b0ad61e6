"""Suppress leads: nothing is sent to them any more."""

from collections.abc import Collection

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from followup_svc.adapters import instances, leads, suppressions
from followup_svc.domain.instance import Note, Reason, SavedInstance
from followup_svc.domain.lead import LeadKey, Suppression
from followup_svc.usecases.save_instances import save_instances


async def suppress_leads(
    session: Session, keys: Collection[LeadKey], *, reason: str, by: str
) -> list[Suppression]:
    """Put leads onto the suppression list, and stop what is on its way to them.

    Return their suppressions: those that were there already stay as they are.
    """
    await leads.lock_all(session, keys)
    now = await database_now(session)
    await suppressions.add_all(
        session,
        [
            Suppression(
                suppression_id=new_id(),
                workspace_id=key.workspace_id,
                lead_id=key.lead_id,
                reason=reason,
                created_by=by,
                created_at=now,
            )
            for key in sorted(keys)
        ],
    )
    note = Note(what="stopped", by=by, detail=reason)
    live = await instances.lock_live_of_leads(session, keys)
    stopped = [
        SavedInstance(instance=item.stopped(Reason.UNSUBSCRIBED, at=now), note=note)
        for item in live
    ]
    await save_instances(session, stopped, now=now)
    return await suppressions.get_all(session, keys)
