"""Record what the CRM tells of campaigns."""

from collections.abc import Iterable

from persona_contracts import CampaignRemovedV1, CampaignSyncedV1
from service_kit.store import Session

from followup_svc.adapters import campaigns
from followup_svc.domain.campaign import Campaign, CampaignKey


async def record_campaigns(
    session: Session, events: Iterable[CampaignSyncedV1 | CampaignRemovedV1]
) -> None:
    """Store what each campaign's newest event tells, whatever order they come in."""
    newest = {
        campaign.key: campaign
        for campaign in sorted(map(_campaign, events), key=lambda item: item.updated_at)
    }
    await campaigns.save_all(session, newest.values())


def _campaign(event: CampaignSyncedV1 | CampaignRemovedV1) -> Campaign:
    synced = event if isinstance(event, CampaignSyncedV1) else None
    return Campaign(
        key=CampaignKey(event.workspace_id, event.campaign_id),
        name=synced and synced.name,
        booking_link=synced and synced.booking_link,
        is_removed=synced is None,
        updated_at=event.updated_at,
    )
