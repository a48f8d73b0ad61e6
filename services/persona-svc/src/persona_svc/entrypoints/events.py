"""Subscribers: one short function per event."""

from persona_contracts import (
    CampaignRemovedV1,
    CampaignSyncedV1,
    LeadErasedV1,
    VoiceSetupRequestedV1,
    WorkspaceErasedV1,
)
from service_kit.erasure import subscribe_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from persona_svc.deps import PersonaDeps
from persona_svc.usecases.remove_campaigns import remove_campaigns
from persona_svc.usecases.set_up_voices import set_up_voices
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


@events.subscriber(VoiceSetupRequestedV1, durable="on_voice_setup_requested")
async def on_voice_setup_requested(
    session: Session, batch: Batch[VoiceSetupRequestedV1], _: PersonaDeps
) -> None:
    """Give personas an agent, or take it."""
    await set_up_voices(session, batch)


subscribe_erasures(events, LeadErasedV1, WorkspaceErasedV1)
