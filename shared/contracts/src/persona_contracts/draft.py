"""What became of a reply: `draft.created`, `.failed`, `.approved`, `.rejected`, `.superseded`."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document, OwnEvent
from persona_contracts.resolution import Resolution
from persona_contracts.types import AnyChannel, Count, ExternalId, SubjectId


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
    revision: Count | None = None
    """The draft's: what `If-Match` takes; null in these: the sender does not say."""
    lead_id: ExternalId | None = None
    channel: AnyChannel | None = None
    campaign_id: SubjectId | None = None

    @property
    def entity_id(self) -> str:
        """The draft."""
        return str(self.draft_id)


class DraftCreatedV1(_DraftEvent):
    """A draft is ready for a decision; `text` is exactly what would be sent.

    It replaces an earlier one of the same `draft_id`.
    """

    event_type: ClassVar[str] = "draft.created"

    lead_id: ExternalId  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    channel: AnyChannel  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    subject: str | None = None
    text: str
    body: str
    signature: str | None = None
    citations: list[Citation] = Field(default_factory=list[Citation])
    resolution: Resolution
    model: str
    usage: Usage
    took_ms: int
    unanswered: list[str] = Field(default_factory=list[str])
    """What the lead asks, if no passage was found for it."""


class DraftFailedV1(_DraftEvent):
    """No draft could be made."""

    event_type: ClassVar[str] = "draft.failed"

    error: DraftError
    attempts: Count


class _DecidedEvent(_DraftEvent):
    decided_by: str
    persona_id: UUID | None = None
    """The persona that the draft was written as; null: none, or the sender does not say."""
    version: int | None = None
    """The persona's version then."""


class DraftApprovedV1(_DecidedEvent):
    """Somebody approved the text.

    `edit_distance` counts the characters that differ from the body as the model wrote it.
    """

    event_type: ClassVar[str] = "draft.approved"

    subject: str | None = None
    text: str
    body: str
    edit_distance: Count


class DraftRejectedV1(_DecidedEvent):
    """Somebody rejected the draft."""

    event_type: ClassVar[str] = "draft.rejected"

    reason: str | None = None


class DraftSupersededV1(_DraftEvent):
    """A newer reply of the same lead made this draft pointless."""

    event_type: ClassVar[str] = "draft.superseded"

    superseded_by: UUID
