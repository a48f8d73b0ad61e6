"""The values of tokens."""

from collections.abc import Mapping
from typing import Any, cast

from persona_client import Resolution
from service_kit.templates import is_missing

from followup_svc.domain.campaign import Campaign
from followup_svc.domain.followup_settings import FollowupSettings
from followup_svc.domain.tokens import Facts


def make_facts(
    profile: Mapping[str, Any],
    campaign: Campaign | None,
    settings: FollowupSettings,
    resolution: Resolution,
) -> Facts:
    """Return the values for templates: of a lead, with the persona that speaks."""
    link = campaign.booking_link if campaign else None
    return Facts(
        first_name=profile.get("first_name"),
        last_name=profile.get("last_name"),
        email=profile.get("email"),
        phone=profile.get("phone"),
        company=profile.get("company"),
        attributes=cast("Mapping[str, object]", profile.get("attributes") or {}),
        campaign_name=campaign.name if campaign else None,
        booking_link=settings.booking_link if is_missing(link) else link,
        sender_name=resolution.sender_name,
        signature=resolution.signature,
        service_description=resolution.service_description,
        goals=resolution.goals,
        ideal_customer_profile=resolution.ideal_customer_profile,
        qualification_questions=resolution.qualification_questions,
    )
