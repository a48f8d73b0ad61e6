"""Record the replies of leads, before anything is decided about them."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from persona_contracts import LeadRepliedV1, Received
from persona_contracts.types import ReplyKind
from service_kit.clock import counted_from, latest_time
from service_kit.reply_kinds import answerer_of
from service_kit.store import Session, database_now

from followup_svc.adapters import leads
from followup_svc.domain.lead import KnownReplies, LeadKey, LeadUpdate
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.usecases.update_leads import update_leads


async def record_replies(
    session: Session, batch: Collection[Received[LeadRepliedV1]]
) -> list[LeadEvent]:
    """Lock the leads, store what the replies tell of them; return the replies, oldest first.

    Where the CRM's clock is ahead, a reply counts from its arrival. What nobody wrote (an
    auto-reply, a bounce) is no message that a step could answer.
    """
    before = await leads.lock_all(session, {_key(item.event) for item in batch})
    now = await database_now(session)
    timed = [(counted_from(item, item.event.received_at, now=now), item) for item in batch]
    timed.sort(key=itemgetter(0))
    events = [_event(item, at, before[_key(item.event)], now) for at, item in timed]
    await update_leads(
        session,
        [
            LeadUpdate(
                key=event.key,
                fields=item.event.lead.model_dump(mode="json", exclude_unset=True),
                at=event.at,
                campaign_id=event.campaign_id,
            )
            for event, (_, item) in zip(events, timed, strict=True)
        ],
    )
    written = [
        (event, item.event)
        for event, (_, item) in zip(events, timed, strict=True)
        if event.kind is ReplyKind.REPLY
    ]
    await leads.record_replies(session, [(event.at, reply) for event, reply in written])
    first = {key: known.first_message_id for key, known in before.items()}
    for event, reply in written:
        first[event.key] = first[event.key] or reply.message_id
    return [replace(event, is_first_reply=first[event.key] == event.trigger_id) for event in events]


def _event(
    item: Received[LeadRepliedV1], at: datetime, before: KnownReplies, now: datetime
) -> LeadEvent:
    reply, answerer = item.event, answerer_of(item.event)
    is_newest = before.is_newest(at, now=now)
    return LeadEvent(
        event="lead.replied",
        key=_key(reply),
        at=at,
        campaign_id=reply.campaign_id,
        channel=reply.channel,
        trigger_id=reply.message_id,
        is_repeat=before.last_message_id == reply.message_id,
        may_follow=latest_time(item, at, now=now) if is_newest else at,
        kind=answerer.kind,
        sign=answerer.sign,
        is_permanent=answerer.is_permanent,
        traceparent=item.traceparent,
        correlation_id=item.correlation_id,
    )


def _key(reply: LeadRepliedV1) -> LeadKey:
    return LeadKey(reply.workspace_id, reply.lead_id)
