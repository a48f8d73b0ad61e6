"""A draft: the answer to one reply, from its queue to the decision of a person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from persona_contracts.types import Channel, ReplyKind
from persona_model.knowledge import KnowledgeStatus, PassageText
from persona_model.usage import TokenUsage
from persona_model.voice import Voice
from service_kit.errors import ConflictError, InvalidError, NotFoundError, ServiceError
from service_kit.reply_kinds import Answerer

from draft_svc.domain.strategy import Strategy, parse_strategy
from draft_svc.domain.text import FinishedText, compose_text, edit_distance

MAX_REPLY_AGE = timedelta(days=7)
"""Older replies get no draft: nobody waits for the answer any more (events.md §2)."""
MAX_BODY_CHARS = 20_000


class DraftNotFoundError(NotFoundError):
    """There is no such draft in this workspace."""

    slug = "draft-not-found"


class DraftNotOpenError(ConflictError):
    """The draft is not open for this decision."""

    slug = "draft-not-open"


class DraftBodyError(InvalidError):
    """A draft body must have 1 to 20,000 characters."""

    slug = "draft-body"


class ReplyTooOldError(InvalidError):
    """The reply is older than 7 days."""

    slug = "too-old"


class AutoReplyError(InvalidError):
    """A program answered for the lead, who is away or has read nothing."""

    slug = "auto-reply"


class BounceError(InvalidError):
    """A mail server answered: what was sent to the lead did not arrive."""

    slug = "bounce"


class DraftStatus(StrEnum):
    """Where a draft stands; `generating` is a queued draft that a worker has claimed."""

    QUEUED = "queued"
    GENERATING = "generating"
    READY = "ready"
    FAILED = "failed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class LeadKey(NamedTuple):
    """A lead of a workspace."""

    workspace_id: str
    lead_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFailure:
    """Why there is no draft, or no strategy; `type` is the slug of an error."""

    type: str
    title: str
    detail: str

    @classmethod
    def of(cls, error: ServiceError) -> "DraftFailure":
        """Return what is stored of an error."""
        return cls(type=error.slug, title=error.title(), detail=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStrategy:
    """What came of asking for a strategy, kept so that a later attempt need not ask again."""

    made_for: Mapping[str, Any]
    """The persona and its version."""
    text: str | None
    """As the model gave it; None: it gave no valid one."""
    steps: Mapping[str, Any] | None
    """The strategy, ready for JSON."""
    usage: TokenUsage
    failure: DraftFailure | None = None

    def parse(self) -> Strategy | None:
        """Return the strategy, if the model gave a valid one."""
        return parse_strategy(self.text) if self.text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftContent:
    """What a writer made of a reply, and what it was made with."""

    subject: str | None
    finished: FinishedText
    citations: tuple[PassageText, ...]
    knowledge: KnowledgeStatus
    resolution: Mapping[str, Any]
    """Who speaks and why, ready for JSON."""
    model: str
    usage: TokenUsage
    unanswered: tuple[str, ...] = ()
    """What the lead asks, if no passage was found for it."""

    def warn(self, warning: str) -> "DraftContent":
        """Return it with something to be known of who speaks."""
        return replace(self, resolution={**self.resolution, "warnings": [warning]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A draft that a newer reply of the same lead made pointless."""

    workspace_id: str
    draft_id: UUID
    message_id: str
    revision: int
    lead_id: str
    channel: str
    campaign_id: str | None
    correlation_id: str | None
    superseded_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDraft:
    """What is shown of a draft: all but the reply, which may be large."""

    draft_id: UUID
    workspace_id: str
    message_id: str
    lead_id: str
    campaign_id: str | None
    channel: Channel
    received_at: datetime
    """By the CRM's clock, but not after the reply arrived: its age and order count from here."""
    status: DraftStatus = DraftStatus.QUEUED
    subject: str | None
    body: str | None = None
    generated_body: str | None = None
    """The body as the model wrote it; an approval with another body leaves it."""
    signature: str | None = None
    text: str | None = None
    """What would be sent."""
    citations: tuple[PassageText, ...] = ()
    knowledge: KnowledgeStatus | None = None
    resolution: Mapping[str, Any] | None = None
    model: str | None = None
    strategy: KeptStrategy | None = None
    usage: TokenUsage | None = None
    failure: DraftFailure | None = None
    attempts: int = 0
    """Tries so far, the present one included, of a draft that is to be written."""
    last_failure: DraftFailure | None = None
    """Why it is tried again."""
    next_try_at: datetime | None = None
    edit_distance: int | None = None
    revision: int = 1
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None

    def differs_from(self, persona_id: UUID | None, version: int | None, voice: Voice) -> bool:
        """Return whether it was written as another persona, or with other texts, than these."""
        written = self.resolution
        if written is None:
            return False
        if str(persona_id) != str(written["persona_id"]):
            return True
        if "content_digest" not in written:  # an older release stored none
            return version != written["version"]
        return voice.digest() != written["content_digest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(ShownDraft):
    """The answer to one reply; a transition returns the next state, or refuses."""

    reply: Mapping[str, Any]
    """The `lead.replied` event, ready for JSON."""
    traceparent: str | None
    correlation_id: str | None

    @property
    def lead_key(self) -> LeadKey:
        """Whom it answers."""
        return LeadKey(self.workspace_id, self.lead_id)

    @property
    def campaign_from(self) -> str | None:
        """Where the campaign is from: "reply", or "remembered" from an earlier one of the lead."""
        if self.campaign_id is None:
            return None
        return "remembered" if self.reply.get("campaign_id") is None else "reply"

    def accept(self, answerer: Answerer, *, at: datetime) -> "Draft":
        """Return a new draft as it is stored first: failed if no person wrote, or long ago."""
        match answerer.kind:
            case ReplyKind.AUTO_REPLY:
                refused = AutoReplyError(answerer.sign)
            case ReplyKind.BOUNCE:
                refused = BounceError(answerer.sign)
            case ReplyKind.REPLY if self.received_at < at - MAX_REPLY_AGE:
                refused = ReplyTooOldError("regenerate the draft if it is still needed")
            case ReplyKind.REPLY:
                return self
        return replace(self, status=DraftStatus.FAILED, failure=DraftFailure.of(refused))

    def keep_strategy(self, strategy: KeptStrategy | None) -> "Draft":
        """Return it with the strategy that it is, or is about to be, written by."""
        return replace(self, strategy=strategy)

    def complete(self, content: DraftContent) -> "Draft":
        """Return it ready for a decision."""
        return replace(
            self,
            status=DraftStatus.READY,
            subject=content.subject,
            body=content.finished.body,
            generated_body=content.finished.body,
            signature=content.finished.signature,
            text=content.finished.text,
            citations=content.citations,
            knowledge=content.knowledge,
            resolution=content.resolution,
            model=content.model,
            usage=content.usage,
            failure=None,
            attempts=0,
            last_failure=None,
            next_try_at=None,
            revision=self.revision + 1,
        )

    def fail(self, failure: DraftFailure) -> "Draft":
        """Return it without a text, and why."""
        return replace(
            self,
            status=DraftStatus.FAILED,
            failure=failure,
            attempts=0,
            last_failure=None,
            next_try_at=None,
            revision=self.revision + 1,
        )

    def approve(
        self, *, by: str, at: datetime, body: str | None = None, subject: str | None = None
    ) -> "Draft":
        """Return it approved, with another body or subject if given; the signature is added again.

        Raises:
            DraftNotOpenError: it is not ready, or already decided.
            DraftBodyError: the new body is blank or too long.
            SmsTooLongError: the new body does not fit into a text message.
        """
        self._require("approved", DraftStatus.READY)
        words, text = self._edited(body)
        # An older release stored no `generated_body`.
        generated = self.body if self.generated_body is None else self.generated_body
        edited = replace(
            self,
            body=words,
            text=text,
            generated_body=generated,
            subject=self.subject if subject is None else subject,
            edit_distance=edit_distance(generated or "", words or ""),
        )
        return _decided(edited, DraftStatus.APPROVED, by=by, at=at)

    def reject(self, *, by: str, at: datetime) -> "Draft":
        """Return it rejected: it is not sent and not written again.

        Raises:
            DraftNotOpenError: it is not open.
        """
        self._require("rejected", DraftStatus.READY, DraftStatus.FAILED)
        return _decided(self, DraftStatus.REJECTED, by=by, at=at)

    def regenerate(self, *, has_newer_reply: bool) -> "Draft":
        """Return it queued again, for whichever persona speaks now.

        Args:
            has_newer_reply: whether the lead has replied again since.

        Raises:
            DraftNotOpenError: it is decided, or there is a newer reply to answer.
        """
        self._require("regenerated", DraftStatus.READY, DraftStatus.FAILED)
        if has_newer_reply:
            raise DraftNotOpenError("the lead has replied again: answer the newer reply")
        return replace(
            self,
            status=DraftStatus.QUEUED,
            strategy=None,
            failure=None,
            attempts=0,
            last_failure=None,
            next_try_at=None,
            revision=self.revision + 1,
        )

    def _edited(self, body: str | None) -> tuple[str | None, str | None]:
        """Return body and text as they are to be sent."""
        if body is None:
            return self.body, self.text
        words = body.strip()
        if not words or len(words) > MAX_BODY_CHARS:
            raise DraftBodyError(f"body has {len(words)} characters")
        return words, compose_text(channel=self.channel, body=words, signature=self.signature)

    def _require(self, decision: str, *open_for_it: DraftStatus) -> None:
        if self.status not in open_for_it:
            raise DraftNotOpenError(f"a draft that is {self.status} cannot be {decision}")


def _decided(draft: Draft, status: DraftStatus, *, by: str, at: datetime) -> Draft:
    return replace(draft, status=status, decided_by=by, decided_at=at, revision=draft.revision + 1)
