"""Subscribers: one short function per event."""

from collections.abc import Sequence
from typing import Any

from persona_client import Roster
from persona_contracts import (
    CampaignRemovedV1,
    CampaignSyncedV1,
    LeadOutcomeV1,
    LeadRepliedV1,
    MessageFailedV1,
    MessageSentV1,
    Received,
)
from service_kit.consumer import Subscription
from service_kit.store import Session

from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.adapters.workspaces import note_campaigns
from followup_svc.usecases.heed_leads import heed_outcomes, heed_replies
from followup_svc.usecases.settle_answers import settle_failed, settle_sent

ANSWERS_AT_ONCE = 250
"""They are short, and after a morning's campaign there are many (ADR 0015)."""


def subscriptions(
    roster: Roster, versions: SequenceVersions, retry_delays_seconds: Sequence[float]
) -> list[Subscription[Any]]:
    """Return what the service does with each event."""

    async def on_lead_replied(session: Session, batch: Sequence[Received[LeadRepliedV1]]) -> None:
        """Stop, pause or start the lead's sequences."""
        await heed_replies(session, batch, versions, roster)

    async def on_lead_outcome(session: Session, batch: Sequence[Received[LeadOutcomeV1]]) -> None:
        """Stop everything for who unsubscribed; start what waits for an outcome."""
        await heed_outcomes(session, batch, roster)

    async def on_message_sent(session: Session, batch: Sequence[Received[MessageSentV1]]) -> None:
        """Go on with the next step."""
        await settle_sent(session, batch, versions)

    async def on_message_failed(
        session: Session, batch: Sequence[Received[MessageFailedV1]]
    ) -> None:
        """Try again later, or pause."""
        await settle_failed(session, batch, versions, retry_delays_seconds)

    async def on_campaign_synced(
        session: Session, batch: Sequence[Received[CampaignSyncedV1]]
    ) -> None:
        """Know the names and booking links of campaigns."""
        await note_campaigns(session, [item.event for item in batch])

    async def on_campaign_removed(
        session: Session, batch: Sequence[Received[CampaignRemovedV1]]
    ) -> None:
        """Forget campaigns that are gone."""
        await note_campaigns(session, [item.event for item in batch])

    return [
        Subscription(model=LeadRepliedV1, durable="on_lead_replied", handle=on_lead_replied),
        Subscription(model=LeadOutcomeV1, durable="on_lead_outcome", handle=on_lead_outcome),
        Subscription(
            model=MessageSentV1,
            durable="on_message_sent",
            handle=on_message_sent,
            batch=ANSWERS_AT_ONCE,
        ),
        Subscription(model=MessageFailedV1, durable="on_message_failed", handle=on_message_failed),
        Subscription(
            model=CampaignSyncedV1, durable="on_campaign_synced", handle=on_campaign_synced
        ),
        Subscription(
            model=CampaignRemovedV1, durable="on_campaign_removed", handle=on_campaign_removed
        ),
    ]
