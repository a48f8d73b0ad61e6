"""Bodies and answers of the API: drafts, decisions, replies."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from persona_contracts import Citation, DraftError, Text, Usage
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from draft_svc.domain.draft import MAX_BODY_CHARS, Draft, DraftFailure, DraftStatus, ShownDraft
from draft_svc.domain.reply import CleanReply


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
        " skipped, field_sources, age_seconds, freshness; `warnings`: what is odd about it."
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
    attempts: int = Field(
        description="How often it was tried; 0 once it is written, or has failed for good."
    )
    last_error: DraftError | None = Field(description="Why it is tried again.")
    next_try_at: datetime | None = Field(description="When it is tried again.")
    edit_distance: int | None = Field(
        description="Characters that an approval changed in `generated_body`."
    )
    revision: int
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None

    @classmethod
    def of(cls, draft: ShownDraft, *, is_outdated: bool) -> Self:
        """Return the document of a draft."""
        strategy = draft.strategy
        return cls(
            draft_id=draft.draft_id,
            message_id=draft.message_id,
            lead_id=draft.lead_id,
            campaign_id=draft.campaign_id,
            channel=draft.channel.value,
            status=draft.status,
            subject=draft.subject,
            body=draft.body,
            generated_body=draft.generated_body,
            signature=draft.signature,
            text=draft.text,
            citations=[Citation(**asdict(passage)) for passage in draft.citations],
            knowledge=draft.knowledge,
            resolution=_json(draft.resolution),
            model=draft.model,
            strategy=_json(strategy.steps) if strategy else None,
            strategy_error=_error(strategy.failure) if strategy else None,
            usage=Usage(**asdict(draft.usage)) if draft.usage else None,
            outdated=is_outdated,
            error=_error(draft.failure),
            attempts=draft.attempts,
            last_error=_error(draft.last_failure),
            next_try_at=draft.next_try_at,
            edit_distance=draft.edit_distance,
            revision=draft.revision,
            created_at=draft.created_at,
            decided_at=draft.decided_at,
            decided_by=draft.decided_by,
        )


def _json(members: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if members is None else dict(members)


def _error(failure: DraftFailure | None) -> DraftError | None:
    return DraftError(**asdict(failure)) if failure else None


class ReplyDocument(BaseModel):
    """What a lead wrote: the newest words, without quotes, signatures and footers."""

    message_id: str
    received_at: datetime
    subject: str | None
    text: str
    unreadable: str | None = Field(
        description="What holds the words if none can be read.",
        examples=["an S/MIME encrypted part"],
    )

    @classmethod
    def of(cls, draft: Draft, clean: CleanReply) -> Self:
        """Return the document of the reply that a draft answers."""
        return cls(
            message_id=draft.message_id,
            received_at=draft.received_at,
            subject=clean.subject,
            text=clean.text,
            unreadable=clean.unreadable,
        )


class ApproveDraftRequest(StrictRequest):
    """What to send instead of the draft's own body or subject."""

    body: Text | None = Field(default=None, min_length=1, max_length=MAX_BODY_CHARS)
    subject: Text | None = Field(default=None, max_length=1_000)


class RejectDraftRequest(StrictRequest):
    """Why not."""

    reason: Text | None = Field(default=None, max_length=2_000)


class AcceptedReplyDocument(BaseModel):
    """The reply is stored; its draft appears under its `message_id`."""

    event_id: str
    message_id: str
    duplicate: bool = Field(description="It was taken in before; nothing has changed.")


class AcceptedRepliesDocument(BaseModel):
    """The replies of a batch are stored."""

    items: list[AcceptedReplyDocument]
