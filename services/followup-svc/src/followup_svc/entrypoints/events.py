"""Subscribers: one short function per event."""

from persona_contracts import (
    CampaignRemovedV1,
    CampaignSyncedV1,
    LeadOutcomeV1,
    LeadRepliedV1,
    MessageFailedV1,
    MessageSentV1,
)
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from followup_svc.adapters.workspaces import note_campaigns
from followup_svc.deps import FollowupDeps
from followup_svc.usecases.heed_leads import heed_outcomes, heed_replies
from followup_svc.usecases.settle_answers import settle_failed, settle_sent

ANSWERS_AT_ONCE = 250
"""They are short, and after a morning's campaign there are many (ADR 0015)."""

events = EventRouter[FollowupDeps]("followup-svc")


@events.subscriber(LeadRepliedV1, durable="on_lead_replied")
async def on_lead_replied(
    session: Session, batch: Batch[LeadRepliedV1], deps: FollowupDeps
) -> None:
    """Stop, pause or start the lead's sequences."""
    await heed_replies(session, batch, deps.versions, deps.roster)


@events.subscriber(LeadOutcomeV1, durable="on_lead_outcome")
async def on_lead_outcome(
    session: Session, batch: Batch[LeadOutcomeV1], deps: FollowupDeps
) -> None:
    """Stop everything for who unsubscribed; start what waits for an outcome."""
    await heed_outcomes(session, batch, deps.roster)


@events.subscriber(MessageSentV1, durable="on_message_sent", batch=ANSWERS_AT_ONCE)
async def on_message_sent(
    session: Session, batch: Batch[MessageSentV1], deps: FollowupDeps
) -> None:
    """Go on with the next step."""
    await settle_sent(session, batch, deps.versions)


@events.subscriber(MessageFailedV1, durable="on_message_failed")
async def on_message_failed(
    session: Session, batch: Batch[MessageFailedV1], deps: FollowupDeps
) -> None:
    """Try again later, or pause."""
    await settle_failed(session, batch, deps.versions, deps.settings.retry_delays_seconds)


@events.subscriber(CampaignSyncedV1, durable="on_campaign_synced")
async def on_campaign_synced(
    session: Session, batch: Batch[CampaignSyncedV1], _: FollowupDeps
) -> None:
    """Know the names and booking links of campaigns."""
    await note_campaigns(session, [item.event for item in batch])


@events.subscriber(CampaignRemovedV1, durable="on_campaign_removed")
async def on_campaign_removed(
    session: Session, batch: Batch[CampaignRemovedV1], _: FollowupDeps
) -> None:
    """Forget campaigns that are gone."""
    await note_campaigns(session, [item.event for item in batch])
