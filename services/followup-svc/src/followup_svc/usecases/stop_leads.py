"""Stop what is on its way to leads."""

from collections.abc import Collection

from service_kit.store import Session, database_now

from followup_svc.adapters import instances
from followup_svc.domain.instance import Note, Reason, SavedInstance
from followup_svc.domain.lead import LeadKey
from followup_svc.usecases.save_instances import save_instances


async def stop_leads(
    session: Session, keys: Collection[LeadKey], reason: Reason, *, detail: str, by: str
) -> None:
    """Stop every live instance of these leads."""
    now = await database_now(session)
    note = Note(what="stopped", by=by, detail=detail)
    live = await instances.lock_live_of_leads(session, keys)
    stopped = [SavedInstance(instance=item.stopped(reason, at=now), note=note) for item in live]
    await save_instances(session, stopped, now=now)
