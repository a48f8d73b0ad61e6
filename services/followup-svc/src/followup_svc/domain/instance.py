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

from followup_svc.domain.lead import LeadKey
from followup_svc.domain.sequence import VersionKey

FIRST_STEP = 1
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


class State(StrEnum):
    """Where an instance stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"


LIVE = (State.ACTIVE, State.PAUSED)


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
    BOUNCED = "bounced"
    SEQUENCE_DELETED = "sequence-deleted"
    PERSONA_DELETED = "persona-deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One lead's way through a sequence; every transition returns a new object."""

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
    """The step was requested, and the CRM has not answered."""
    next_at: datetime | None
    """When the step is to be sent, or when the answer is overdue; of use while active."""
    reason: Reason | None
    detail: str | None
    """A sentence for people."""
    codes: tuple[str, ...]
    """What to group paused instances by."""
    started_by: str
    started_at: datetime
    correlation_id: str | None = None
    """Of what started it; all its events carry it."""
    ended_at: datetime | None = None

    @property
    def version_key(self) -> VersionKey:
        """The version of the sequence that it began with, and ends with."""
        return VersionKey(self.sequence_id, self.sequence_version)

    @property
    def lead_key(self) -> LeadKey:
        """Whom it writes to."""
        return LeadKey(self.workspace_id, self.lead_id)

    @property
    def is_live(self) -> bool:
        """Return whether it is on its way, or may be again."""
        return self.state in LIVE

    @property
    def is_unknown(self) -> bool:
        """Return whether the outcome of the current step is unknown."""
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

    def rescheduled(self, next_at: datetime) -> "Instance":
        """Return it to be looked at again at `next_at`."""
        return replace(self, next_at=next_at)

    def sent(self, next_at: datetime | None, *, at: datetime) -> "Instance":
        """Return it with the current step sent; the next one is due at `next_at` (None: no more).

        One that a person or a reply has paused stays paused, at the next step.
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
                ended_at=at,
            )
        after = replace(self, step=self.step + 1, awaiting_answer=False, next_at=next_at)
        waited_for_it = self.is_unknown or self.reason is Reason.SEND_FAILED
        return _active(after) if self.state is State.ACTIVE or waited_for_it else after

    def failed(self, error: str, retry_at: datetime | None) -> "Instance":
        """Return it after the CRM could not send; `retry_at` None: people decide what follows."""
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
                "the outcome of the step is unknown: resolve it as `sent` or `resend`"
            )
        return _active(replace(self, next_at=next_at))

    def stopped(self, reason: Reason, detail: str | None = None, *, at: datetime) -> "Instance":
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
            ended_at=at,
        )

    def resend(self, now: datetime) -> "Instance":
        """Return it about to request once more a step whose outcome is unknown.

        Raises:
            InstanceStateError: the outcome is known.
        """
        self.require_unknown()
        return _active(replace(self, awaiting_answer=False, next_at=now))

    def require_unknown(self) -> None:
        """Return if the outcome of the current step is unknown.

        Raises:
            InstanceStateError: the outcome is known.
        """
        if self.state is not State.PAUSED or not self.is_unknown:
            raise InstanceStateError("only a step whose outcome is unknown can be resolved")


def _active(instance: Instance) -> Instance:
    return replace(instance, state=State.ACTIVE, reason=None, detail=None, codes=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person, or an event, did to an instance, or what is to be known of it."""

    what: str
    by: str
    detail: str | None = None
    step: int | None = None


def zone_note(warning: str | None, step: int) -> Note | None:
    """Return what the timeline says of a lead whose time zone is unknown; None: it is known."""
    if warning is None:
        return None
    return Note(what="time zone unknown", by="followup-svc", detail=warning, step=step)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstance:
    """An instance to start."""

    instance: Instance
    trigger_id: str | None = None
    """Names the event that starts it, which it does once."""
    traceparent: str | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedInstance:
    """An instance as it is to be saved, and what its timeline says of the change."""

    instance: Instance
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """What an instance was before it was saved in another state, or for another reason."""

    reason: str | None
    channel: str
    """Of the step that it stands at now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """A note, and when it was made."""

    at: datetime
    note: Note
