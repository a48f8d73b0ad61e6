"""An instance: one lead's way through one version of a sequence, as a state machine.

Its current step waits for its time (`next_at`), is requested and awaits the CRM's answer, or the
outcome is unknown and a person decides. No transition leads from a request to another one of the
same attempt: that is what keeps a step from being sent twice (I5).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from service_kit.errors import ConflictError, NotFoundError

MAX_ATTEMPTS = 3
"""How often the CRM is asked before temporary failures become a pause."""
_SEND_REQUESTS = UUID("6f1f2c0e-5d0b-4c6e-9b55-0f4b8f0f7a21")
"""The namespace of request ids (RFC 9562, version 5). It is data: a CRM knows ids made with it."""


class InstanceNotFoundError(NotFoundError):
    """There is no such instance in this workspace."""

    slug = "instance-not-found"


class InstanceStateError(ConflictError):
    """The instance is in another state."""

    slug = "instance-state"


class InstanceLiveError(ConflictError):
    """The lead is already on its way through this sequence."""

    slug = "instance-live"


class LeadSuppressedError(ConflictError):
    """The lead must not be written to."""

    slug = "lead-suppressed"


class State(StrEnum):
    """Where an instance stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"


LIVE = (State.ACTIVE, State.PAUSED)


class StepStatus(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    DUE = "due"
    REQUESTED = "requested"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why an instance is paused, or ended."""

    TEMPLATE = "template"
    REPLIED = "replied"
    SEND_FAILED = "send-failed"
    OUTCOME_UNKNOWN = "outcome-unknown"
    INTERNAL = "internal-error"
    ALL_SENT = "all-sent"
    BY_PERSON = "by-person"
    UNSUBSCRIBED = "unsubscribed"
    SEQUENCE_DELETED = "sequence-deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One lead's way through a sequence; every change is a new object."""

    instance_id: UUID
    workspace_id: str
    sequence_id: UUID
    sequence_version: int
    lead_id: str
    campaign_id: str | None
    state: State
    step: int
    """The current step, from 1; after the last one was sent it stays there."""
    awaiting_answer: bool
    """The step was requested, and the CRM has not said what became of it."""
    next_at: datetime | None
    """When the step is to be sent, or when the answer is overdue; of use while active."""
    reason: Reason | None
    detail: str | None
    """A sentence for people."""
    codes: tuple[str, ...]
    """What to group paused instances by."""
    started_at: datetime

    @property
    def is_live(self) -> bool:
        """Return whether it is on its way, or may be again."""
        return self.state in LIVE

    @property
    def is_unknown(self) -> bool:
        """Return whether nobody knows if the current step was sent."""
        return self.awaiting_answer and self.reason is Reason.OUTCOME_UNKNOWN

    @property
    def request_id(self) -> UUID:
        """The id under which the current step is requested.

        A service that is restored or replayed repeats it, and the CRM knows what it has sent.
        """
        return uuid5(_SEND_REQUESTS, f"{self.instance_id}/{self.step}")

    def is_due(self, now: datetime) -> bool:
        """Return whether there is something to do at `now`."""
        return self.state is State.ACTIVE and self.next_at is not None and self.next_at <= now

    def requested(self, answer_due_at: datetime) -> "Instance":
        """Return it with the current step's request on its way to the CRM."""
        return replace(self, awaiting_answer=True, next_at=answer_due_at)

    def later(self, at: datetime) -> "Instance":
        """Return it with another time to look at it again."""
        return replace(self, next_at=at)

    def sent(self, next_at: datetime | None) -> "Instance":
        """Return it with the current step sent; the next one is due at `next_at` (None: no more).

        What a person or a reply has paused stays so, at the next step.
        """
        if not self.is_live:
            return replace(self, awaiting_answer=False)
        if next_at is None:
            return replace(
                self,
                state=State.COMPLETED,
                awaiting_answer=False,
                next_at=None,
                reason=Reason.ALL_SENT,
                detail=None,
                codes=(),
            )
        after = replace(self, step=self.step + 1, awaiting_answer=False, next_at=next_at)
        settled = self.is_unknown or self.reason is Reason.SEND_FAILED
        return _active(after) if self.state is State.ACTIVE or settled else after

    def failed(self, error: str, retry_at: datetime | None) -> "Instance":
        """Return it after the CRM could not send; None: not to be tried again by itself."""
        unanswered = replace(self, awaiting_answer=False, next_at=retry_at)
        if self.state is not State.ACTIVE and not self.is_unknown:
            return unanswered
        if retry_at is None:
            return unanswered.paused(Reason.SEND_FAILED, error, (Reason.SEND_FAILED,))
        return _active(unanswered)

    def paused(self, reason: Reason, detail: str, codes: tuple[str, ...] = ()) -> "Instance":
        """Return it paused; `next_at` is kept, so that resuming early sends nothing early."""
        return replace(
            self, state=State.PAUSED, reason=reason, detail=detail, codes=codes or (reason,)
        )

    def resumed(self, next_at: datetime) -> "Instance":
        """Return it active again.

        Raises:
            InstanceStateError: it is not paused, or must be resolved instead.
        """
        if self.state is not State.PAUSED:
            raise InstanceStateError(f"the instance is {self.state}, not paused")
        if self.is_unknown:
            raise InstanceStateError(
                "nobody knows whether the step was sent: resolve it as `sent` or `resend`"
            )
        return _active(replace(self, next_at=next_at))

    def stopped(self, reason: Reason, detail: str | None = None) -> "Instance":
        """Return it ended before its last step.

        Raises:
            InstanceStateError: it has ended already.
        """
        if not self.is_live:
            raise InstanceStateError(f"the instance is {self.state} already")
        return replace(
            self,
            state=State.STOPPED,
            reason=reason,
            detail=detail,
            codes=(reason,),
            next_at=None,
        )

    def resend(self, now: datetime) -> "Instance":
        """Return it about to ask the CRM once more for a step whose outcome nobody knows.

        Raises:
            InstanceStateError: the outcome is known.
        """
        self.require_unknown()
        return _active(replace(self, awaiting_answer=False, next_at=now))

    def require_unknown(self) -> None:
        """Return if nobody knows whether the current step was sent.

        Raises:
            InstanceStateError: the outcome is known.
        """
        if self.state is not State.PAUSED or not self.is_unknown:
            raise InstanceStateError("only a step whose outcome is unknown can be resolved")


def _active(instance: Instance) -> Instance:
    return replace(instance, state=State.ACTIVE, reason=None, detail=None, codes=())
