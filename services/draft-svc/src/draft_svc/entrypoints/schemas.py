"""What the API takes and gives: drafts, decisions, replies."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from persona_client import Roster
from persona_contracts import Channel, Citation, DraftError, Text, Usage
from pydantic import BaseModel, Field
from service_kit.personas import PersonasNotReadyError
from service_kit.requests import StrictRequest

from draft_svc.adapters.drafts import DraftRow
from draft_svc.domain.draft import MAX_BODY_CHARS, DraftStatus
from draft_svc.usecases.resolve_persona import resolve_persona, voice_of


class DraftDocument(BaseModel):
    """A reply's draft; `text` is exactly what would be sent."""

    draft_id: UUID
    message_id: str
    lead_id: str
    campaign_id: str | None
    channel: str
    status: DraftStatus
    subject: str | None
    body: str | None
    generated_body: str | None = Field(
        description="The body as the model wrote it; an approval leaves it."
    )
    signature: str | None
    text: str | None
    citations: list[Citation]
    knowledge: Literal["used", "none", "unavailable"] | None
    resolution: dict[str, Any] | None = Field(
        description="Which persona speaks and why: tier, reason, persona_id, version, revision,"
        " skipped, field_sources, age_seconds, freshness."
    )
    model: str | None = Field(description="`offline` is a stand-in, not a language model.")
    strategy: dict[str, Any] | None = Field(
        description="Why the draft says what it says; e-mail only."
    )
    strategy_error: DraftError | None = Field(
        description="Why an e-mail was written without a strategy: the model gave no valid one."
    )
    usage: Usage | None
    outdated: bool = Field(
        description="Resolved now, another persona would speak, or the same one differently."
    )
    error: DraftError | None
    edit_distance: int | None = Field(
        description="Characters that an approval changed in `generated_body`."
    )
    revision: int
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None

    @classmethod
    def of(cls, row: DraftRow, roster: Roster) -> Self:
        """Return the document of a stored draft."""
        return cls(
            draft_id=row.draft_id,
            message_id=row.message_id,
            lead_id=row.lead_id,
            campaign_id=row.campaign_id,
            channel=row.channel,
            status=row.status,
            subject=row.subject,
            body=row.body,
            generated_body=row.generated_body,
            signature=row.signature,
            text=row.text,
            citations=[Citation.model_validate(citation) for citation in row.citations],
            knowledge=row.knowledge,  # pyright: ignore[reportArgumentType] — a check constraint keeps it
            resolution=row.resolution,
            model=row.model,
            strategy=row.strategy["steps"] if row.strategy else None,
            strategy_error=row.strategy.get("error") if row.strategy else None,
            usage=Usage.model_validate(row.usage) if row.usage else None,
            outdated=_is_outdated(row, roster),
            error=DraftError.model_validate(row.error) if row.error else None,
            edit_distance=row.edit_distance,
            revision=row.revision,
            created_at=row.created_at,
            decided_at=row.decided_at,
            decided_by=row.decided_by,
        )


class Approval(StrictRequest):
    """What to send instead of the draft's own body or subject."""

    body: Text | None = Field(default=None, min_length=1, max_length=MAX_BODY_CHARS)
    subject: Text | None = Field(default=None, max_length=1_000)


class Rejection(StrictRequest):
    """Why not."""

    reason: Text | None = Field(default=None, max_length=2_000)


class AcceptedReply(BaseModel):
    """The reply is stored; its draft appears under its `message_id`."""

    event_id: str
    message_id: str


def _is_outdated(row: DraftRow, roster: Roster) -> bool:
    if row.resolution is None or row.status is not DraftStatus.READY:
        return False
    try:
        now = resolve_persona(
            roster, row.workspace_id, campaign_id=row.campaign_id, channel=Channel(row.channel)
        )
    except PersonasNotReadyError:
        return False
    then = row.resolution
    if str(now.persona_id) != str(then["persona_id"]):
        return True
    if "content_digest" not in then:  # written by a release that kept none
        return now.version != then["version"]
    return voice_of(now).digest() != then["content_digest"]
