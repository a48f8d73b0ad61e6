"""Record the replies of leads, before anything is decided about them."""

from collections.abc import Collection

from persona_contracts import LeadRepliedV1, Received
from service_kit.store import Session

from followup_svc.adapters import leads
from followup_svc.domain.lead import LeadKey, LeadUpdate
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.usecases.update_leads import update_leads


async def record_replies(
    session: Session, batch: Collection[Received[LeadRepliedV1]]
) -> list[LeadEvent]:
    """Lock the leads, store what the replies tell of them; return the replies, oldest first."""
    ordered = sorted(batch, key=lambda item: item.event.received_at)
    replies = [item.event for item in ordered]
    before = await leads.lock_all(session, {_key(reply) for reply in replies})
    first = {key: known.first_message_id for key, known in before.items()}
    for reply in replies:
        first[_key(reply)] = first[_key(reply)] or reply.message_id
    await update_leads(
        session,
        [
            LeadUpdate(
                key=_key(reply),
                fields=reply.lead.model_dump(mode="json", exclude_unset=True),
                at=reply.received_at,
                campaign_id=reply.campaign_id,
            )
            for reply in replies
        ],
    )
    await leads.record_replies(session, replies)
    return [
        LeadEvent(
            event="lead.replied",
            key=_key(item.event),
            at=item.event.received_at,
            campaign_id=item.event.campaign_id,
            channel=item.event.channel,
            trigger_id=item.event.message_id,
            is_first_reply=first[_key(item.event)] == item.event.message_id,
            is_repeat=before[_key(item.event)].last_message_id == item.event.message_id,
            traceparent=item.traceparent,
        )
        for item in ordered
    ]


def _key(reply: LeadRepliedV1) -> LeadKey:
    return LeadKey(reply.workspace_id, reply.lead_id)
