"""A sequence: its steps, when they may go out, and what starts and stops it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from service_kit.errors import ConflictError, NotFoundError

from followup_svc.domain.window import Delay, SendWindow

MAX_STEPS = 20
MAX_BODY_CHARS = 8_000
MAX_SUBJECT_CHARS = 500
MAX_NAME_CHARS = 80
MAX_DELAY = 365
Channel = Literal["email", "sms", "linkedin"]
TriggerEvent = Literal["lead.replied", "lead.outcome"]


class SequenceNotFoundError(NotFoundError):
    """There is no such sequence in this workspace."""

    slug = "sequence-not-found"


class SequenceNameTakenError(ConflictError):
    """Another sequence of this workspace has this name."""

    slug = "sequence-name-taken"


class SequenceRunningError(ConflictError):
    """Leads are still on their way through the sequence."""

    slug = "sequence-running"


class OnReply(StrEnum):
    """What a reply does to the lead's instances."""

    STOP = "stop"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One message: how long after the one before, where, and its templates."""

    channel: Channel
    delay: Delay
    subject: str | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Which events start the sequence by themselves; a null or empty filter lets all pass."""

    event: TriggerEvent
    campaign_ids: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    first_reply_only: bool = False
    persona_id: UUID | None = None
    """Only where this persona answers the lead: that of the campaign, else the default.

    On the channel of the reply; an outcome has none, so there it is that of the first step.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """What one version of a sequence says; `send_window` "workspace": the workspace's setting."""

    name: str
    ai_persona_id: UUID | None
    steps: tuple[Step, ...]
    send_window: SendWindow | Literal["workspace"] | None
    stop_on_reply: bool
    on_reply: OnReply
    trigger: Trigger | None
    """None: started by hand alone."""

    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield each template with its field, such as `steps.0.body`."""
        for index, step in enumerate(self.steps):
            yield f"steps.{index}.subject", step.subject or ""
            yield f"steps.{index}.body", step.body


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSequence:
    """A sequence at its newest version."""

    workspace_id: str
    sequence_id: UUID
    version: int
    sequence: Sequence
    trigger_saved_at: datetime
    """Since when the trigger is as it is; earlier events start nothing."""
