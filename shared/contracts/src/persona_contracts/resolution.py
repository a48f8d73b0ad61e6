"""Which persona spoke, and why: what drafts and send requests say of it."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document
from persona_contracts.types import AnyReason, AnyTier


class Resolution(Document):
    """Which persona spoke, and why."""

    tier: AnyTier
    persona_id: UUID | None = None
    version: int | None = None
    revision: int
    reason: AnyReason
    campaign_from: Literal["reply", "remembered"] | str | None = None
    """Where a draft's campaign is from: its reply, or an earlier one of the lead; null: none."""
    warnings: list[str] = Field(default_factory=list[str])
    """What is odd about it: a workspace that nothing is known of, for example."""
