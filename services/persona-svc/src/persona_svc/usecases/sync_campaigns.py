"""Follow the CRM's campaigns."""

from collections.abc import Callable, Sequence
from datetime import datetime

from persona_contracts import CampaignRemovedV1, CampaignSyncedV1, Received
from service_kit.store import Session

from persona_svc.adapters import campaigns
from persona_svc.usecases.change import Actor, Reassignment, begin_change
from persona_svc.usecases.publish_change import publish_change

CRM = "crm"


async def sync_campaigns(
    session: Session, batch: Sequence[Received[CampaignSyncedV1]], clock: Callable[[], datetime]
) -> None:
    """Store each campaign, unless something newer is stored; a new name shows in its document."""
    for item in sorted(batch, key=lambda item: item.workspace_id):
        event = item.event
        actor = Actor(subject=CRM, role="system", at=clock())
        change = await begin_change(session, event.workspace_id, actor, "campaign.sync")
        names = await campaigns.names(session, event.workspace_id, [event.campaign_id])
        assigned = await campaigns.assignments(session, event.workspace_id, names)
        is_renamed = assigned and names[event.campaign_id] != event.name
        if await campaigns.sync(session, event) and is_renamed:
            change.renamed_campaigns.append(event.campaign_id)
        await publish_change(change)


async def remove_campaigns(
    session: Session, batch: Sequence[Received[CampaignRemovedV1]], clock: Callable[[], datetime]
) -> None:
    """Mark each campaign removed and clear its assignments."""
    for item in sorted(batch, key=lambda item: item.workspace_id):
        event = item.event
        actor = Actor(subject=CRM, role="system", at=clock())
        change = await begin_change(session, event.workspace_id, actor, "campaign.remove")
        if await campaigns.remove(session, event):
            await _clear(change.session, change.workspace_id, event.campaign_id, change.reassigned)
        await publish_change(change)


async def _clear(
    session: Session, workspace_id: str, campaign_id: str, reassigned: list[Reassignment]
) -> None:
    found = await campaigns.assignments(session, workspace_id, [campaign_id])
    assigned = found.get(campaign_id, {})
    await campaigns.assign(
        session, workspace_id, {(campaign_id, channel): None for channel in assigned}
    )
    reassigned.extend(
        Reassignment(campaign_id=campaign_id, channel=channel, before=persona_id, after=None)
        for channel, persona_id in sorted(assigned.items())
    )
