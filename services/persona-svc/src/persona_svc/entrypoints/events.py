"""Subscribers: one short function per event."""

from collections.abc import Sequence
from typing import Any

from persona_contracts import (
    CampaignRemovedV1,
    CampaignSyncedV1,
    LeadErasedV1,
    Received,
    WorkspaceErasedV1,
)
from service_kit.consumer import Subscription
from service_kit.erasure import queue_erasures
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


async def on_lead_erased(session: Session, batch: Sequence[Received[LeadErasedV1]]) -> None:
    """Erase the leads."""
    await queue_erasures(session, batch)


async def on_workspace_erased(
    session: Session, batch: Sequence[Received[WorkspaceErasedV1]]
) -> None:
    """Erase the workspaces."""
    await queue_erasures(session, batch)


SUBSCRIPTIONS: list[Subscription[Any]] = [
    Subscription(model=CampaignSyncedV1, durable="on_campaign_synced", handle=on_campaign_synced),
    Subscription(
        model=CampaignRemovedV1, durable="on_campaign_removed", handle=on_campaign_removed
    ),
    Subscription(model=LeadErasedV1, durable="on_lead_erased", handle=on_lead_erased),
    Subscription(
        model=WorkspaceErasedV1, durable="on_workspace_erased", handle=on_workspace_erased
    ),
]
