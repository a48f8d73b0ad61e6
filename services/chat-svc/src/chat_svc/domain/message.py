"""What is said at one place of a conversation, and what may become of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from persona_model.knowledge import KnowledgeStatus
from persona_model.usage import TokenUsage
from service_kit.errors import ConflictError, NotFoundError, ServiceError

MAX_MESSAGE_CHARS: Final = 12_000
MAX_FEEDBACK_CHARS: Final = 2_000
Role = Literal["user", "assistant", "system"]
Kind = Literal["text", "persona_switch"]
Rating = Literal["up", "down"]


class MessageNotFoundError(NotFoundError):
    """There is no such message in this conversation."""

    slug = "message-not-found"


class MessageNotOpenError(ConflictError):
    """The answer has ended."""

    slug = "message-not-open"


class MessageNotFailedError(ConflictError):
    """The answer has not failed: there is nothing to send again."""

    slug = "message-not-failed"


class NotAnAnswerError(ConflictError):
    """This is not an answer of a persona that has ended."""

    slug = "message-not-an-answer"


class NotAQuestionError(ConflictError):
    """Only what a person said can be said otherwise."""

    slug = "message-not-a-question"


class ConversationGoneError(NotFoundError):
    """The conversation was deleted before the answer was written."""

    slug = "conversation-gone"


class MessageStatus(StrEnum):
    """What has become of a message; only answers are ever anything but `completed`."""

    QUEUED = "queued"
    STREAMING = "streaming"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self in {MessageStatus.QUEUED, MessageStatus.STREAMING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer, or no more of it; `retryable`: it may be sent again as it is."""

    type: str
    title: str
    detail: str
    retryable: bool

    @classmethod
    def of(cls, error: ServiceError) -> "Failure":
        """Return the failure that an error is."""
        retryable = error.status >= 500
        return cls(type=error.slug, title=error.title(), detail=str(error), retryable=retryable)


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedPassage:
    """A passage that an answer names as `[number]`."""

    number: int
    text: str
    source: str
    page: int | None
    section: str | None
    file_id: str
    chunk_id: str

    def __str__(self) -> str:
        """Return where it stands, such as `prices.pdf, page 3`."""
        page = f", page {self.page}" if self.page else ""
        return f"{self.source}{page}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a finished answer has beside its words."""

    citations: tuple[CitedPassage, ...]
    knowledge: KnowledgeStatus
    model: str
    usage: TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message; of an answer, `persona_id` is who was to speak when it was asked for."""

    message_id: UUID
    workspace_id: str
    conversation_id: UUID
    seq: int
    role: Role
    kind: Kind = "text"
    status: MessageStatus
    content: str = ""
    citations: tuple[CitedPassage, ...] = ()
    knowledge: KnowledgeStatus | None = None
    token_count: int | None = None
    model: str | None = None
    persona_id: UUID | None = None
    resolution: Mapping[str, Any] | None = None
    usage: TokenUsage | None = None
    failure: Failure | None = None
    answers: UUID | None = None
    client_key: str | None = None
    run: int = 0
    stop_asked: bool = False
    rating: Rating | None = None
    feedback: str | None = None
    created_at: datetime
    finished_at: datetime | None = None

    def begin(self, resolution: Mapping[str, Any], *, run: int) -> "Message":
        """Return it without a word, pinned to who speaks from now to its end."""
        return replace(
            self, status=MessageStatus.STREAMING, content="", resolution=resolution, run=run
        )

    def grow(self, content: str) -> "Message":
        """Return it with the words that there are so far."""
        return replace(self, content=content)

    def complete(self, content: str, ending: Ending, *, at: datetime) -> "Message":
        """Return it whole."""
        return replace(
            self,
            status=MessageStatus.COMPLETED,
            content=content,
            citations=ending.citations,
            knowledge=ending.knowledge,
            model=ending.model,
            usage=ending.usage,
            token_count=ending.usage.output_tokens,
            finished_at=at,
        )

    def stop(self, *, at: datetime) -> "Message":
        """Return it ended, with the words that there are."""
        return replace(self, status=MessageStatus.STOPPED, finished_at=at)

    def ask_to_stop(self) -> "Message":
        """Return it marked, for whoever writes it.

        Raises:
            MessageNotOpenError: it has ended.
        """
        if not self.status.is_open:
            raise MessageNotOpenError(f"the answer is {self.status}")
        return replace(self, stop_asked=True)

    def fail(self, failure: Failure, *, at: datetime) -> "Message":
        """Return it failed, with the words that there are."""
        return replace(self, status=MessageStatus.FAILED, failure=failure, finished_at=at)

    def send_again(self) -> "Message":
        """Return it as if it had not been tried.

        Raises:
            MessageNotFailedError: it has not failed.
        """
        if self.status is not MessageStatus.FAILED:
            raise MessageNotFailedError(f"the answer is {self.status}")
        return replace(
            self,
            status=MessageStatus.QUEUED,
            content="",
            failure=None,
            finished_at=None,
            stop_asked=False,
        )

    def rate(self, rating: Rating | None, feedback: str | None) -> "Message":
        """Return it with what somebody says of it.

        Raises:
            NotAnAnswerError: it is none, or has not ended.
        """
        if self.role != "assistant" or self.status.is_open:
            raise NotAnAnswerError("Only a persona's answer that has ended is rated.")
        return replace(self, rating=rating, feedback=feedback)
