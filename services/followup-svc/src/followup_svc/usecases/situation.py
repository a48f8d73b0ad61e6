"""What is known around some instances, read at once: leads, settings, campaigns, versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from persona_client import Resolution, Roster, RosterNotReadyError
from service_kit.errors import UpstreamError
from service_kit.store import Session

from followup_svc.adapters import leads, workspaces
from followup_svc.adapters.leads import NOBODY, KnownLead
from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.adapters.workspaces import DEFAULTS, Campaign, FollowupSettings
from followup_svc.domain import sequence as sequences
from followup_svc.domain.instance import Instance
from followup_svc.domain.sequence import Step
from followup_svc.domain.tokens import Facts, is_blank
from followup_svc.domain.window import Calendar, lead_zone


class PersonasUnknownError(UpstreamError):
    """The personas are not known yet; try again in a moment."""

    slug = "personas-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Answers questions about the instances that it was read for."""

    versions: Mapping[tuple[UUID, int], sequences.Sequence]
    known: Mapping[tuple[str, str], KnownLead]
    settings: Mapping[str, FollowupSettings]
    campaigns: Mapping[tuple[str, str], Campaign]

    @classmethod
    async def read(
        cls, session: Session, instances: Sequence[Instance], versions: SequenceVersions
    ) -> "Situation":
        """Return the situation of `instances` as it is now."""
        if not instances:
            return cls(versions={}, known={}, settings={}, campaigns={})
        return cls(
            versions=await versions.get(
                session, {(item.sequence_id, item.sequence_version) for item in instances}
            ),
            known=await leads.get(
                session, {(item.workspace_id, item.lead_id) for item in instances}
            ),
            settings=await workspaces.settings_of(
                session, {item.workspace_id for item in instances}
            ),
            campaigns=await workspaces.campaigns(
                session,
                {
                    (item.workspace_id, item.campaign_id)
                    for item in instances
                    if item.campaign_id is not None
                },
            ),
        )

    def sequence(self, instance: Instance) -> sequences.Sequence:
        """Return the version that the instance began with."""
        return self.versions[instance.sequence_id, instance.sequence_version]

    def step(self, instance: Instance) -> Step:
        """Return the current step of the instance."""
        return self.sequence(instance).steps[instance.step - 1]

    def lead(self, instance: Instance) -> KnownLead:
        """Return what is known of the instance's lead."""
        return self.known.get((instance.workspace_id, instance.lead_id), NOBODY)

    def workspace(self, instance: Instance) -> FollowupSettings:
        """Return the settings of the instance's workspace."""
        return self.settings.get(instance.workspace_id, DEFAULTS)

    def calendar(self, instance: Instance) -> Calendar:
        """Return when the lead may be written to."""
        return calendar(
            self.sequence(instance), self.workspace(instance), self.lead(instance).profile
        )

    def facts(self, instance: Instance, speaker: Resolution) -> Facts:
        """Return what the templates of the instance can say."""
        campaign = self.campaigns.get((instance.workspace_id, instance.campaign_id or ""))
        return facts(self.lead(instance).profile, campaign, self.workspace(instance), speaker)


def calendar(
    sequence: sequences.Sequence, settings: FollowupSettings, profile: Mapping[str, Any]
) -> Calendar:
    """Return when a lead may be written to: the sequence's window, else the workspace's."""
    window = sequence.send_window
    return Calendar(
        zone=lead_zone(profile.get("time_zone"), settings.zone),
        window=settings.send_window if window == "workspace" else window,
    )


def facts(
    profile: Mapping[str, Any],
    campaign: Campaign | None,
    settings: FollowupSettings,
    speaker: Resolution,
) -> Facts:
    """Return what templates can say of a lead, with the persona that speaks."""
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
        sender_name=speaker.sender_name,
        signature=speaker.signature,
        service_description=speaker.service_description,
        goals=speaker.goals,
        ideal_customer_profile=speaker.ideal_customer_profile,
        qualification_questions=speaker.qualification_questions,
    )


def speaker_of(
    roster: Roster,
    workspace_id: str,
    *,
    campaign_id: str | None,
    sequence_persona_id: UUID | None,
    channel: str,
) -> Resolution:
    """Return who speaks, by the four tiers (A42).

    Raises:
        PersonasUnknownError: the personas have not been read yet.
    """
    try:
        return roster.resolve(
            workspace_id,
            campaign_id=campaign_id,
            sequence_persona_id=sequence_persona_id,
            channel=channel,
        )
    except RosterNotReadyError as error:
        raise PersonasUnknownError(str(error)) from error
