"""Campaigns as the CRM knows them: `campaign.synced` and `campaign.removed`."""

from typing import ClassVar

from persona_contracts.event import CrmEvent
from persona_contracts.types import Channel, Count, SubjectId, Text, UtcTime, format_time


class _CampaignEvent(CrmEvent):
    campaign_id: SubjectId
    updated_at: UtcTime

    @property
    def entity_id(self) -> str:
        """The campaign."""
        return self.campaign_id

    @property
    def default_event_id(self) -> str:
        """`campaign_id@updated_at`, the time in UTC."""
        return f"{self.campaign_id}@{format_time(self.updated_at)}"


class CampaignSyncedV1(_CampaignEvent):
    """A campaign exists or changed; one with an older `updated_at` is ignored."""

    event_type: ClassVar[str] = "campaign.synced"

    name: Text
    channel: Channel
    status: Text
    booking_process_id: Text | None = None
    booking_link: Text | None = None
    lead_count: Count | None = None


class CampaignRemovedV1(_CampaignEvent):
    """A campaign is gone; its persona assignments are cleared."""

    event_type: ClassVar[str] = "campaign.removed"
