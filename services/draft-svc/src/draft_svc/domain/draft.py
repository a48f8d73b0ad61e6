"""A draft and the decisions that can be made about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service_kit.errors import ConflictError, InvalidError, UpstreamError

MAX_REPLY_AGE = timedelta(days=7)
"""Older replies get no draft: nobody waits for the answer any more (events.md §2)."""
MAX_BODY_CHARS = 20_000


class DraftStatus(StrEnum):
    """Where a draft stands; `generating` is a queued draft that a worker has claimed."""

    QUEUED = "queued"
    GENERATING = "generating"
    READY = "ready"
    FAILED = "failed"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class ReplyEmptyError(InvalidError):
    """The reply has no words of its own."""

    slug = "reply-empty"


class ReplyUnreadableError(InvalidError):
    """The reply's words cannot be read: they are encrypted, or in a format of one program."""

    slug = "reply-unreadable"


class ReplyTooOldError(InvalidError):
    """The reply is older than 7 days."""

    slug = "too-old"


class NothingWrittenError(UpstreamError):
    """The model's answer has no words of its own."""

    slug = "model-answer-empty"


class DraftDecidedError(ConflictError):
    """The draft is not open for this decision."""

    slug = "draft-not-open"


class DraftBodyError(InvalidError):
    """A draft body must have 1 to 20,000 characters."""

    slug = "draft-body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Which statuses a decision may start from."""

    name: str
    allowed_from: frozenset[DraftStatus]

    def check(self, status: DraftStatus) -> None:
        """Refuse when the draft stands elsewhere.

        Raises:
            DraftDecidedError: the text says where it stands.
        """
        if status not in self.allowed_from:
            raise DraftDecidedError(f"a draft that is {status} cannot be {self.name}")


APPROVE = Decision(name="approved", allowed_from=frozenset({DraftStatus.READY}))
REJECT = Decision(name="rejected", allowed_from=frozenset({DraftStatus.READY, DraftStatus.FAILED}))
REGENERATE = Decision(
    name="regenerated", allowed_from=frozenset({DraftStatus.READY, DraftStatus.FAILED})
)


def is_too_old(received_at: datetime, now: datetime) -> bool:
    """Return whether a reply came too long ago to be answered."""
    return received_at < now - MAX_REPLY_AGE
