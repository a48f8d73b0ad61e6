"""Read what is known around instances, at once: leads, settings, campaigns, definitions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from persona_client import Resolution
from service_kit.store import Session

from followup_svc.adapters import campaigns, followup_settings, leads
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.campaign import Campaign, CampaignKey
from followup_svc.domain.followup_settings import DEFAULTS, FollowupSettings
from followup_svc.domain.instance import Instance
from followup_svc.domain.lead import UNKNOWN_LEAD, KnownLead, LeadKey
from followup_svc.domain.sequence import Definition, Step, VersionKey
from followup_svc.domain.tokens import Facts, is_blank
from followup_svc.domain.window import Calendar, lead_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class SendContext:
    """What is known around the instances that it was read for."""

    definitions: Mapping[VersionKey, Definition]
    leads: Mapping[LeadKey, KnownLead]
    settings_by_workspace: Mapping[str, FollowupSettings]
    campaigns: Mapping[CampaignKey, Campaign]

    def definition(self, instance: Instance) -> Definition:
        """Return the version that the instance began with."""
        return self.definitions[instance.version_key]

    def current_step(self, instance: Instance) -> Step:
        """Return the current step of the instance."""
        return self.definition(instance).steps[instance.step - 1]

    def lead(self, instance: Instance) -> KnownLead:
        """Return what is known of the instance's lead."""
        return self.leads.get(instance.lead_key, UNKNOWN_LEAD)

    def settings(self, instance: Instance) -> FollowupSettings:
        """Return the settings of the instance's workspace."""
        return self.settings_by_workspace.get(instance.workspace_id, DEFAULTS)

    def calendar(self, instance: Instance) -> Calendar:
        """Return when the lead may be written to."""
        profile = self.lead(instance).profile
        return calendar_of(self.definition(instance), self.settings(instance), profile)

    def facts(self, instance: Instance, resolution: Resolution) -> Facts:
        """Return the values for the templates of the instance."""
        key = CampaignKey(instance.workspace_id, instance.campaign_id or "")
        profile = self.lead(instance).profile
        return facts_of(profile, self.campaigns.get(key), self.settings(instance), resolution)


async def read_context(
    session: Session, instances: Collection[Instance], versions: SequenceVersions
) -> SendContext:
    """Return what is known around `instances` now."""
    if not instances:
        return SendContext(definitions={}, leads={}, settings_by_workspace={}, campaigns={})
    return SendContext(
        definitions=await versions.get_all(session, {item.version_key for item in instances}),
        leads=await leads.get_all(session, {item.lead_key for item in instances}),
        settings_by_workspace=await followup_settings.get_all(
            session, {item.workspace_id for item in instances}
        ),
        campaigns=await campaigns.get_all(
            session,
            {
                CampaignKey(item.workspace_id, item.campaign_id)
                for item in instances
                if item.campaign_id is not None
            },
        ),
    )


def calendar_of(
    definition: Definition, settings: FollowupSettings, profile: Mapping[str, Any]
) -> Calendar:
    """Return when a lead may be written to: the sequence's window, else the workspace's."""
    window = definition.send_window
    return Calendar(
        zone=lead_zone(profile.get("time_zone"), settings.zone),
        window=settings.send_window if window == "workspace" else window,
    )


def facts_of(
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
        booking_link=settings.booking_link if is_blank(link) else link,
        sender_name=resolution.sender_name,
        signature=resolution.signature,
        service_description=resolution.service_description,
        goals=resolution.goals,
        ideal_customer_profile=resolution.ideal_customer_profile,
        qualification_questions=resolution.qualification_questions,
    )
