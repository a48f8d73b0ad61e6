"""Stop what cannot arrive, and suppress its address."""

from collections.abc import Iterable

from persona_contracts.types import ReplyKind
from service_kit.store import Session, database_now

from followup_svc.adapters import instances, leads
from followup_svc.domain.instance import Note, Reason, SavedInstance
from followup_svc.domain.lead import UNKNOWN_LEAD
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.usecases.save_instances import save_instances
from followup_svc.usecases.suppress_address import suppress_address
from followup_svc.usecases.suppress_leads import suppress_leads

BOUNCED = "bounced"


async def stop_on_bounce(session: Session, replies: Iterable[LeadEvent]) -> None:
    """Stop the instances of locked leads whose mails bounce for good; a temporary bounce waits.

    The address is suppressed, whichever lead has it; the lead, where its address is not known.
    """
    bounced = {
        reply.key: reply
        for reply in replies
        if reply.kind is ReplyKind.BOUNCE and reply.is_permanent
    }
    if not bounced:
        return
    now = await database_now(session)
    saved = [
        SavedInstance(
            instance=item.stopped(Reason.BOUNCED, at=now),
            note=Note(what="stopped", by=reply.event, detail=f"bounce, {reply.sign}"),
        )
        for item in await instances.lock_live_of_leads(session, bounced)
        for reply in [bounced[item.lead_key]]
        if item.started_at < reply.answers_until
    ]
    await save_instances(session, saved, now=now)
    known = await leads.get_all(session, bounced)
    for key, reply in bounced.items():
        address = known.get(key, UNKNOWN_LEAD).address
        if address is None:
            await suppress_leads(
                session, [key], reason=BOUNCED, by=reply.event, stopped_as=Reason.BOUNCED
            )
        else:
            await suppress_address(
                session,
                key.workspace_id,
                address,
                reason=BOUNCED,
                by=reply.event,
                stopped_as=Reason.BOUNCED,
            )
