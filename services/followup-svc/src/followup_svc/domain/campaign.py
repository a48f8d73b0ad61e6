"""What is known of a campaign."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class CampaignKey(NamedTuple):
    """A campaign of a workspace."""

    workspace_id: str
    campaign_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as the CRM last told of it."""

    key: CampaignKey
    name: str | None
    booking_link: str | None
    is_removed: bool
    updated_at: datetime
