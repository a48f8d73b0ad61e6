"""Choose which persona speaks in which campaign."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from service_kit.errors import FieldError

from persona_svc.adapters import campaigns, personas
from persona_svc.domain.campaign import AssignedPersonaNotFoundError, Campaign
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def assign_personas(
    change: Change, places: Mapping[tuple[str, str], UUID | None], action: str
) -> list[Campaign]:
    """Set who speaks at each (campaign_id, channel or "any"), all or nothing; None clears.

    Return the campaigns as they are then, by id.

    Raises:
        CampaignNotFoundError: a campaign was never synced; the text names it.
        AssignedPersonaNotFoundError: a persona does not exist; the text names it.
    """
    chosen = defaultdict[str, dict[str, UUID | None]](dict)
    for (campaign_id, channel), persona_id in places.items():
        chosen[campaign_id][channel] = persona_id
    known = await campaigns.get_all(change.session, change.workspace_id, chosen)
    await _require_personas(change, (persona_id for persona_id in places.values() if persona_id))
    after = {campaign_id: known[campaign_id].assigned(chosen[campaign_id]) for campaign_id in known}
    changed = [campaign for key, campaign in sorted(after.items()) if campaign != known[key]]
    await campaigns.save_assignments(change.session, changed)
    for campaign in changed:
        change.show_campaign(known[campaign.campaign_id], campaign)
    await publish_change(change, action)
    return [campaign for _, campaign in sorted(after.items())]


async def _require_personas(change: Change, persona_ids: Iterable[UUID]) -> None:
    ids = set(persona_ids)
    found = await personas.find(change.session, change.workspace_id, ids)
    missing = sorted(str(persona_id) for persona_id in ids - found.keys())
    if missing:
        raise AssignedPersonaNotFoundError(
            f"no persona {', '.join(missing)}",
            errors=[FieldError("persona_id", "must be a persona of this workspace")],
        )
