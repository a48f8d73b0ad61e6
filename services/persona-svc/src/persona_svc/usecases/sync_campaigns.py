"""Follow the CRM's campaigns."""

from collections.abc import Sequence

from persona_contracts import CampaignSyncedV1, Received
from service_kit.erasure import not_erased
from service_kit.store import Session

from persona_svc.adapters import campaigns
from persona_svc.domain.campaign import Campaign
from persona_svc.usecases.begin_change import CRM, begin_change
from persona_svc.usecases.publish_change import publish_change


async def sync_campaigns(session: Session, batch: Sequence[Received[CampaignSyncedV1]]) -> None:
    """Store each campaign, unless something newer is stored; a new name shows in its document."""
    fresh = await not_erased(session, batch, lambda event: event.updated_at)
    for item in sorted(fresh, key=lambda item: item.workspace_id):
        event = item.event
        change = await begin_change(
            session, event.workspace_id, CRM, correlation_id=item.correlation_id
        )
        found = await campaigns.find(session, event.workspace_id, [event.campaign_id])
        known = found.get(event.campaign_id)
        if known is not None and known.updated_at >= event.updated_at:
            continue
        synced = _campaign(event, known)
        await campaigns.save(session, synced)
        if known is not None and known.assignments and known.name != synced.name:
            change.show_campaign(known, synced)
        await publish_change(change, "campaign.sync")


def _campaign(event: CampaignSyncedV1, known: Campaign | None) -> Campaign:
    return Campaign(
        workspace_id=event.workspace_id,
        campaign_id=event.campaign_id,
        name=event.name,
        channel=event.channel.value,
        status=event.status,
        booking_process_id=event.booking_process_id,
        booking_link=event.booking_link,
        lead_count=event.lead_count,
        updated_at=event.updated_at,
        assignments={} if known is None else known.assignments,
    )
