"""Accept replies: each becomes one queued draft, and closes the lead's older ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from persona_contracts import DraftSupersededV1, LeadRepliedV1, Received
from service_kit.clock import counted_from
from service_kit.erasure import not_erased
from service_kit.ids import new_id
from service_kit.reply_kinds import answerer_of
from service_kit.store import Session

from draft_svc.adapters import drafts
from draft_svc.domain.draft import Draft, DraftStatus, LeadKey
from draft_svc.usecases.describe_draft import describe_draft
from draft_svc.usecases.describe_failure import describe_failure
from draft_svc.usecases.publish_drafts import publish_drafts


async def accept_replies(session: Session, batch: Sequence[Received[LeadRepliedV1]]) -> None:
    """Store one draft per new reply: queued, failed, or superseded by a newer one.

    Failed are replies that are too old, auto-replies and bounces; the last two supersede nothing.
    """
    batch = await not_erased(session, batch, lambda event: event.received_at)
    if not batch:
        return
    leads = {LeadKey(item.workspace_id, item.event.lead_id) for item in batch}
    now = await drafts.lock_leads(session, leads)
    arrived = [_draft(item, now) for item in batch]
    new_ids = await drafts.add_all(session, arrived)
    new = [draft for draft in arrived if draft.draft_id in new_ids]
    nameless = [draft.draft_id for draft in new if draft.campaign_id is None]
    recalled = await drafts.recall_campaigns(session, nameless)
    superseded = await drafts.supersede_older(session, leads)
    failed = [
        describe_failure(_of_campaign(draft, recalled), attempts=0, at=now)
        for draft in new
        if draft.status is DraftStatus.FAILED
    ]
    replaced = [
        DraftSupersededV1(**describe_draft(item, now), superseded_by=item.superseded_by)
        for item in superseded
    ]
    await publish_drafts(session, [*failed, *replaced], of=[*new, *superseded])


def _of_campaign(draft: Draft, recalled: Mapping[UUID, str]) -> Draft:
    return replace(draft, campaign_id=recalled.get(draft.draft_id, draft.campaign_id))


def _draft(item: Received[LeadRepliedV1], now: datetime) -> Draft:
    reply = item.event
    new = Draft(
        draft_id=new_id(),
        workspace_id=reply.workspace_id,
        message_id=reply.message_id,
        lead_id=reply.lead_id,
        campaign_id=reply.campaign_id,
        channel=reply.channel,
        received_at=counted_from(item, reply.received_at, now=now),
        reply=reply.model_dump(mode="json"),
        traceparent=item.traceparent,
        correlation_id=item.correlation_id,
        subject=reply.subject,
        created_at=now,
    )
    return new.accept(answerer_of(reply), at=now)
