"""Subscribers: one short function per event."""

from collections.abc import Sequence
from typing import Any

from persona_contracts import CampaignRemovedV1, CampaignSyncedV1, Received
from service_kit.consumer import Subscription
from service_kit.store import Session

from persona_svc.usecases.remove_campaigns import remove_campaigns
from persona_svc.usecases.sync_campaigns import sync_campaigns


async def on_campaign_synced(session: Session, batch: Sequence[Received[CampaignSyncedV1]]) -> None:
    """Follow the CRM's campaigns."""
    await sync_campaigns(session, batch)


async def on_campaign_removed(
    session: Session, batch: Sequence[Received[CampaignRemovedV1]]
) -> None:
    """Clear what was assigned to campaigns that are gone."""
    await remove_campaigns(session, batch)


SUBSCRIPTIONS: list[Subscription[Any]] = [
    Subscription(model=CampaignSyncedV1, durable="on_campaign_synced", handle=on_campaign_synced),
    Subscription(
        model=CampaignRemovedV1, durable="on_campaign_removed", handle=on_campaign_removed
    ),
]
