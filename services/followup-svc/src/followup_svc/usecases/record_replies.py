"""Record the replies of leads, before anything is decided about them."""

from collections.abc import Collection
from operator import itemgetter

from persona_contracts import LeadRepliedV1, Received
from service_kit.clock import counted_from, latest_time
from service_kit.store import Session, database_now

from followup_svc.adapters import leads
from followup_svc.domain.lead import LeadKey, LeadUpdate
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.usecases.update_leads import update_leads


async def record_replies(
    session: Session, batch: Collection[Received[LeadRepliedV1]]
) -> list[LeadEvent]:
    """Lock the leads, store what the replies tell of them; return the replies, oldest first.

    Where the CRM's clock is ahead, a reply counts from its arrival.
    """
    before = await leads.lock_all(session, {_key(item.event) for item in batch})
    now = await database_now(session)
    timed = [(counted_from(item, item.event.received_at, now=now), item) for item in batch]
    timed.sort(key=itemgetter(0))
    first = {key: known.first_message_id for key, known in before.items()}
    for _, item in timed:
        first[_key(item.event)] = first[_key(item.event)] or item.event.message_id
    await update_leads(
        session,
        [
            LeadUpdate(
                key=_key(item.event),
                fields=item.event.lead.model_dump(mode="json", exclude_unset=True),
                at=at,
                campaign_id=item.event.campaign_id,
            )
            for at, item in timed
        ],
    )
    await leads.record_replies(session, [(at, item.event) for at, item in timed])
    return [
        LeadEvent(
            event="lead.replied",
            key=_key(item.event),
            at=at,
            campaign_id=item.event.campaign_id,
            channel=item.event.channel,
            trigger_id=item.event.message_id,
            is_first_reply=first[_key(item.event)] == item.event.message_id,
            is_repeat=before[_key(item.event)].last_message_id == item.event.message_id,
            may_follow=latest_time(item, at, now=now)
            if before[_key(item.event)].is_newest(at, now=now)
            else at,
            traceparent=item.traceparent,
        )
        for at, item in timed
    ]


def _key(reply: LeadRepliedV1) -> LeadKey:
    return LeadKey(reply.workspace_id, reply.lead_id)
