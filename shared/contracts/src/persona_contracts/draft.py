"""What became of a reply: `draft.created`, `.failed`, `.approved`, `.rejected`, `.superseded`."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document, OwnEvent
from persona_contracts.types import AnyChannel, AnyReason, AnyTier, Count, ExternalId, SubjectId


class Citation(Document):
    """A passage that the text relies on; pages count from 1."""

    text: str
    source: str
    page_start: int | None = None
    page_end: int | None = None
    section: str | None = None
    file_id: str
    chunk_id: str
    persona_id: UUID | None = None
    """Whose knowledge it is: the persona's own, or an ancestor's."""


class DraftResolution(Document):
    """Which persona spoke, and why."""

    tier: AnyTier
    persona_id: UUID | None = None
    version: int | None = None
    revision: int
    reason: AnyReason


class Usage(Document):
    """What the model calls cost; micro-US-dollars, null when the price is not known."""

    input_tokens: Count
    output_tokens: Count
    cost_microusd: Count | None = None


class DraftError(Document):
    """Why there is no draft; `type` is a slug such as `reply-empty`."""

    type: str
    title: str
    detail: str


class _DraftEvent(OwnEvent):
    draft_id: UUID
    message_id: ExternalId

    @property
    def entity_id(self) -> str:
        """The draft."""
        return str(self.draft_id)


class DraftCreatedV1(_DraftEvent):
    """A draft is ready for a decision; `text` is exactly what would be sent."""

    event_type: ClassVar[str] = "draft.created"

    lead_id: ExternalId
    campaign_id: SubjectId | None = None
    channel: AnyChannel
    subject: str | None = None
    text: str
    body: str
    signature: str | None = None
    citations: list[Citation] = Field(default_factory=list[Citation])
    resolution: DraftResolution
    model: str
    usage: Usage
    took_ms: int


class DraftFailedV1(_DraftEvent):
    """No draft could be made."""

    event_type: ClassVar[str] = "draft.failed"

    error: DraftError
    attempts: Count


class DraftApprovedV1(_DraftEvent):
    """Somebody approved the text; `edit_distance` counts characters changed in the body."""

    event_type: ClassVar[str] = "draft.approved"

    subject: str | None = None
    text: str
    body: str
    edit_distance: Count
    decided_by: str


class DraftRejectedV1(_DraftEvent):
    """Somebody rejected the draft."""

    event_type: ClassVar[str] = "draft.rejected"

    reason: str | None = None
    decided_by: str


class DraftSupersededV1(_DraftEvent):
    """A newer reply of the same lead made this draft pointless."""

    event_type: ClassVar[str] = "draft.superseded"

    superseded_by: UUID
