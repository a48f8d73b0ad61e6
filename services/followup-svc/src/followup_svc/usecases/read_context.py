"""Read what is known around instances, at once: leads, settings, campaigns, definitions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from persona_client import Resolution
from service_kit.store import Session

from followup_svc.adapters import campaigns, followup_settings, leads
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.campaign import Campaign, CampaignKey
from followup_svc.domain.followup_settings import DEFAULTS, FollowupSettings
from followup_svc.domain.instance import Instance
from followup_svc.domain.lead import UNKNOWN_LEAD, KnownLead, LeadKey
from followup_svc.domain.sequence import Definition, Step, VersionKey
from followup_svc.domain.tokens import Facts
from followup_svc.domain.window import Calendar
from followup_svc.usecases.make_calendar import make_calendar
from followup_svc.usecases.make_facts import make_facts


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
        return make_calendar(self.definition(instance), self.settings(instance), profile)

    def facts(self, instance: Instance, resolution: Resolution) -> Facts:
        """Return the values for the templates of the instance."""
        key = CampaignKey(instance.workspace_id, instance.campaign_id or "")
        profile = self.lead(instance).profile
        return make_facts(profile, self.campaigns.get(key), self.settings(instance), resolution)


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
