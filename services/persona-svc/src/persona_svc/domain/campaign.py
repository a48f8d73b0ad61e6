"""A campaign of the CRM, and who speaks in it: in general, and on single channels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from service_kit.errors import InvalidError, NotFoundError

CHANNELS: Final = ("email", "sms", "linkedin")
GENERAL: Final = "any"
"""Stands for every channel without an assignment."""


class CampaignNotFoundError(NotFoundError):
    """This campaign was never synced, or is removed."""

    slug = "campaign-not-found"


class AssignedPersonaNotFoundError(InvalidError):
    """There is no persona to assign under this id."""

    slug = "assigned-persona-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassignment:
    """Another persona, or none, is assigned to a campaign, on one channel or on `any`."""

    campaign_id: str
    channel: str
    before: UUID | None
    after: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as the CRM last described it; removed ones stay, to know what is older."""

    workspace_id: str
    campaign_id: str
    name: str
    channel: str
    status: str
    booking_process_id: str | None = None
    booking_link: str | None = None
    lead_count: int | None = None
    updated_at: datetime
    is_removed: bool = False
    assignments: Mapping[str, UUID]
    """The personas that were chosen, by channel or `any`."""

    def removed(self, at: datetime) -> "Campaign":
        """Return the campaign as it is when the CRM has removed it: nobody speaks in it."""
        return replace(
            self,
            status="removed",
            updated_at=at,
            is_removed=True,
            assignments=MappingProxyType({}),
        )

    def assigned(self, places: Mapping[str, UUID | None]) -> "Campaign":
        """Return the campaign with these personas by channel or `any`; None clears."""
        chosen = {**self.assignments, **places}
        kept = {channel: persona for channel, persona in chosen.items() if persona is not None}
        return replace(self, assignments=MappingProxyType(kept))

    def without(self, persona_id: UUID) -> "Campaign":
        """Return the campaign without the assignments of one persona."""
        places = [channel for channel, who in self.assignments.items() if who == persona_id]
        return self.assigned(dict.fromkeys(places))

    def reassignments(self, after: "Campaign") -> list[Reassignment]:
        """Return what differs in `after`, by channel."""
        return [
            Reassignment(
                campaign_id=self.campaign_id,
                channel=channel,
                before=self.assignments.get(channel),
                after=after.assignments.get(channel),
            )
            for channel in sorted(self.assignments.keys() | after.assignments.keys())
            if self.assignments.get(channel) != after.assignments.get(channel)
        ]

    def by_channel(self) -> dict[str, UUID]:
        """Return who is assigned on each channel, the general persona filled in and kept as `any`.

        Readers who do not know `any` so resolve the same.
        """
        general = self.assignments.get(GENERAL)
        filled = {} if general is None else dict.fromkeys(CHANNELS, general)
        return filled | dict(self.assignments)
