"""Subscribers: one short function per event."""

from persona_contracts import (
    CampaignRemovedV1,
    CampaignSyncedV1,
    LeadErasedV1,
    WorkspaceErasedV1,
)
from service_kit.erasure import queue_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from persona_svc.deps import PersonaDeps
from persona_svc.usecases.remove_campaigns import remove_campaigns
from persona_svc.usecases.sync_campaigns import sync_campaigns

events = EventRouter[PersonaDeps]("persona-svc")


@events.subscriber(CampaignSyncedV1, durable="on_campaign_synced")
async def on_campaign_synced(
    session: Session, batch: Batch[CampaignSyncedV1], _: PersonaDeps
) -> None:
    """Follow the CRM's campaigns."""
    await sync_campaigns(session, batch)


@events.subscriber(CampaignRemovedV1, durable="on_campaign_removed")
async def on_campaign_removed(
    session: Session, batch: Batch[CampaignRemovedV1], _: PersonaDeps
) -> None:
    """Clear what was assigned to campaigns that are gone."""
    await remove_campaigns(session, batch)


@events.subscriber(LeadErasedV1, durable="on_lead_erased")
async def on_lead_erased(session: Session, batch: Batch[LeadErasedV1], _: PersonaDeps) -> None:
    """Erase the leads."""
    await queue_erasures(session, batch)


@events.subscriber(WorkspaceErasedV1, durable="on_workspace_erased")
async def on_workspace_erased(
    session: Session, batch: Batch[WorkspaceErasedV1], _: PersonaDeps
) -> None:
    """Erase the workspaces."""
    await queue_erasures(session, batch)
