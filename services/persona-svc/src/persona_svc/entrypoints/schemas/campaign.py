"""Bodies and answers of campaigns."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from persona_contracts import Channel, SubjectId
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from persona_svc.domain.campaign import CHANNELS, GENERAL, Campaign


class AssignedChannel(StrEnum):
    """Where an assignment holds."""

    ANY = GENERAL
    EMAIL = Channel.EMAIL
    SMS = Channel.SMS
    LINKEDIN = Channel.LINKEDIN


class CampaignDocument(BaseModel):
    """A campaign of the CRM and who speaks in it.

    `assignments` are as readers see them: the general persona stands under `any` and under every
    channel without an override. A channel that is not named has the workspace's default.
    """

    campaign_id: str
    name: str
    channel: str
    status: str
    booking_process_id: str | None
    booking_link: str | None
    lead_count: int | None
    updated_at: datetime
    assignments: dict[AssignedChannel, UUID]
    overrides: list[Channel] = Field(description="The channels with their own assignment.")

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """Return the document of a campaign."""
        return cls(
            campaign_id=campaign.campaign_id,
            name=campaign.name,
            channel=campaign.channel,
            status=campaign.status,
            booking_process_id=campaign.booking_process_id,
            booking_link=campaign.booking_link,
            lead_count=campaign.lead_count,
            updated_at=campaign.updated_at,
            assignments={
                AssignedChannel(channel): persona_id
                for channel, persona_id in campaign.by_channel().items()
            },
            overrides=[Channel(item) for item in CHANNELS if item in campaign.assignments],
        )


class AssignPersonaRequest(StrictRequest):
    """Who speaks; null takes the choice back."""

    persona_id: UUID | None
    channel: AssignedChannel = Field(
        default=AssignedChannel.ANY,
        description="`any`: every channel without an override.",
    )


class CampaignAssignment(AssignPersonaRequest):
    """Who speaks in one campaign."""

    campaign_id: SubjectId


class AssignPersonasRequest(StrictRequest):
    """Assignments that are made together, or not at all."""

    assignments: list[CampaignAssignment] = Field(min_length=1, max_length=1_000)
