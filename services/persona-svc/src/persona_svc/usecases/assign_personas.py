"""Choose which persona speaks in which campaign."""

from collections.abc import Mapping
from uuid import UUID

from service_kit.errors import FieldError, InvalidError

from persona_svc.adapters import campaigns, personas
from persona_svc.usecases.change import Change, Reassignment


class AssignedPersonaNotFoundError(InvalidError):
    """There is no persona to assign under this id."""

    slug = "assigned-persona-not-found"


async def assign_personas(change: Change, places: Mapping[tuple[str, str], UUID | None]) -> None:
    """Set who speaks at each (campaign_id, channel or "any"), all or nothing; None clears.

    Raises:
        CampaignNotFoundError: a campaign was never synced; the text names it.
        AssignedPersonaNotFoundError: a persona does not exist; the text names it.
    """
    campaign_ids = {campaign_id for campaign_id, _ in places}
    await campaigns.require(change.session, change.workspace_id, campaign_ids)
    wanted = {persona_id for persona_id in places.values() if persona_id is not None}
    found = await personas.find(change.session, change.workspace_id, wanted)
    missing = sorted(str(persona_id) for persona_id in wanted - found.keys())
    if missing:
        raise AssignedPersonaNotFoundError(
            f"no persona {', '.join(missing)}",
            errors=[FieldError("persona_id", "must be a persona of this workspace")],
        )
    now = await campaigns.assignments(change.session, change.workspace_id, campaign_ids)
    changed = {
        place: persona_id
        for place, persona_id in places.items()
        if now.get(place[0], {}).get(place[1]) != persona_id
    }
    await campaigns.assign(change.session, change.workspace_id, changed)
    change.reassigned.extend(
        Reassignment(
            campaign_id=campaign_id,
            channel=channel,
            before=now.get(campaign_id, {}).get(channel),
            after=persona_id,
        )
        for (campaign_id, channel), persona_id in sorted(changed.items())
    )
