"""Follow the CRM where it has removed campaigns."""

from collections.abc import Sequence

from persona_contracts import CampaignRemovedV1, Received
from service_kit.erasure import not_erased
from service_kit.store import Session

from persona_svc.adapters import campaigns
from persona_svc.domain.campaign import Campaign
from persona_svc.usecases.begin_change import CRM, begin_change
from persona_svc.usecases.publish_change import publish_change


async def remove_campaigns(session: Session, batch: Sequence[Received[CampaignRemovedV1]]) -> None:
    """Mark each campaign removed, unless something newer is stored, and clear its assignments."""
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
        before = known or _unknown(event)
        after = before.removed(event.updated_at)
        await campaigns.save(session, after)
        if before.assignments:
            await campaigns.save_assignments(session, [after])
            change.show_campaign(before, after)
        await publish_change(change, "campaign.remove")


def _unknown(event: CampaignRemovedV1) -> Campaign:
    """Return what stands for a campaign that was removed before it was synced."""
    return Campaign(
        workspace_id=event.workspace_id,
        campaign_id=event.campaign_id,
        name=event.campaign_id,
        channel="email",
        status="removed",
        updated_at=event.updated_at,
        assignments={},
    )
