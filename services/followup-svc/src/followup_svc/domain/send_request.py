"""A step as the CRM is asked to send it, and what the CRM answers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from service_kit.errors import NotFoundError

from followup_svc.domain.message import Message

MAX_ATTEMPTS = 3
"""How often the CRM is asked before temporary failures become a pause."""


class RequestUnknownError(NotFoundError):
    """No step was requested under this id."""

    slug = "request-unknown"


class StepStatus(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    DUE = "due"
    REQUESTED = "requested"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The CRM has sent an attempt."""

    attempt: int
    at: datetime
    """By the CRM's clock."""
    provider_message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailed:
    """The CRM could not send an attempt; `is_permanent`: nor would it another one."""

    attempt: int
    error: str
    is_permanent: bool


SendResult = Sent | SendFailed
"""What the CRM answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An attempt that failed."""

    attempt: int
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """A step that was requested: the same id and message for each attempt."""

    request_id: UUID
    workspace_id: str
    instance_id: UUID
    step: int
    attempt: int
    """The newest; counts from 1."""
    status: StepStatus
    channel: str
    message: Message
    resolution: Mapping[str, Any]
    """Who speaks, and why."""
    event_id: UUID | None
    """Of the newest attempt; None: not published yet."""
    requested_at: datetime
    sent_at: datetime | None = None
    provider_message_id: str | None = None
    error: str | None = None
    failures: tuple[Failure, ...] = ()

    @property
    def is_last_attempt(self) -> bool:
        """Return whether a temporary failure of the attempt is not tried again by itself."""
        return self.attempt >= MAX_ATTEMPTS

    def again(self, *, at: datetime) -> "SendRequest":
        """Return it at its next attempt."""
        return replace(
            self,
            attempt=self.attempt + 1,
            status=StepStatus.REQUESTED,
            event_id=None,
            requested_at=at,
            error=None,
        )

    def published_as(self, event_id: UUID) -> "SendRequest":
        """Return it with the event that asks for its newest attempt."""
        return replace(self, event_id=event_id)

    def accepts(self, result: SendResult) -> bool:
        """Return whether `result` changes it: a late success does, a repeated answer does not."""
        if self.status is StepStatus.SENT:
            return False
        if isinstance(result, Sent):
            return result.attempt <= self.attempt
        is_open = self.status in (StepStatus.REQUESTED, StepStatus.UNKNOWN)
        return is_open and result.attempt == self.attempt

    def sent(self, *, at: datetime, provider_message_id: str | None = None) -> "SendRequest":
        """Return it as sent."""
        return replace(
            self,
            status=StepStatus.SENT,
            sent_at=at,
            provider_message_id=provider_message_id or self.provider_message_id,
            error=None,
        )

    def failed(self, error: str, *, is_final: bool, at: datetime) -> "SendRequest":
        """Return it after its newest attempt failed; it waits for another unless `is_final`."""
        return replace(
            self,
            status=StepStatus.FAILED if is_final else StepStatus.WAITING,
            error=error,
            failures=(*self.failures, Failure(attempt=self.attempt, error=error, at=at)),
        )

    def unanswered(self) -> "SendRequest":
        """Return it with an unknown outcome."""
        return replace(self, status=StepStatus.UNKNOWN, error=None)

    def waiting(self) -> "SendRequest":
        """Return it before another attempt, which a person asked for."""
        return replace(self, status=StepStatus.WAITING, error=None)

    def plausible_time(self, sent_at: datetime, *, now: datetime) -> datetime:
        """Return `sent_at`, but neither before the request nor in the future: clocks differ."""
        return max(min(sent_at, now), self.requested_at)
