"""A sequence: its steps, when they may go out, and what starts and stops it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple
from uuid import UUID

from persona_contracts.types import Channel
from service_kit.errors import ConflictError, FieldError, InvalidError, NotFoundError

from followup_svc.domain.template import ErrorType, TemplateError, lint
from followup_svc.domain.window import Delay, SendWindow

MAX_STEPS = 20
MAX_BODY_CHARS = 8_000
MAX_SUBJECT_CHARS = 500
MAX_NAME_CHARS = 80
MAX_DELAY = 365
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


class TemplateInvalidError(InvalidError):
    """A template cannot be filled, whatever is known of a lead."""

    slug = "template-invalid"


class SequencePausedError(ConflictError):
    """The persona that the sequence names is deleted."""

    slug = "sequence-paused"


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
    """Which events start the sequence; an empty or null filter lets all pass."""

    event: TriggerEvent
    campaign_ids: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    first_reply_only: bool = False
    persona_id: UUID | None = None
    """Only where this persona answers the lead: that of the campaign, else the default.

    On the channel of the reply; an outcome has none, so there it is that of the first step.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What one version of a sequence says; `send_window` "workspace": the workspace's setting."""

    name: str
    ai_persona_id: UUID | None
    steps: tuple[Step, ...]
    send_window: SendWindow | Literal["workspace"] | None
    stop_on_reply: bool
    on_reply: OnReply
    trigger: Trigger | None
    """None: it is started by people alone."""

    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield each template with its field, such as `steps.0.body`."""
        for index, step in enumerate(self.steps):
            yield f"steps.{index}.subject", step.subject or ""
            yield f"steps.{index}.body", step.body

    def require_valid_templates(self) -> None:
        """Return if every template can be filled by some values.

        Raises:
            TemplateInvalidError: with field, position and hint of each error.
        """
        found = [(field, error) for field, template in self.templates() for error in lint(template)]
        if found:
            raise _invalid(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence at its newest version; every transition returns a new object."""

    workspace_id: str
    sequence_id: UUID
    version: int
    """Counts from 1."""
    definition: Definition
    trigger_saved_at: datetime
    """Since when the trigger is as it is; earlier events start nothing."""
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def new(
        cls, sequence_id: UUID, workspace_id: str, definition: Definition, *, at: datetime
    ) -> "Sequence":
        """Return a sequence at version 1.

        Raises:
            TemplateInvalidError: a template has unknown tokens or stray braces.
        """
        definition.require_valid_templates()
        return cls(
            workspace_id=workspace_id,
            sequence_id=sequence_id,
            version=1,
            definition=definition,
            trigger_saved_at=at,
            created_at=at,
            updated_at=at,
        )

    def changed(self, definition: Definition, *, at: datetime) -> "Sequence":
        """Return it at its next version; itself if the definition is the same.

        Raises:
            TemplateInvalidError: a template has unknown tokens or stray braces.
        """
        if definition == self.definition:
            return self
        definition.require_valid_templates()
        same_trigger = definition.trigger == self.definition.trigger
        return replace(
            self,
            version=self.version + 1,
            definition=definition,
            trigger_saved_at=self.trigger_saved_at if same_trigger else at,
            updated_at=at,
        )

    def copied(self, name: str | None) -> Definition:
        """Return the definition of a copy without the trigger, so that nothing starts twice."""
        copy_name = name or f"Copy of {self.definition.name}"[:MAX_NAME_CHARS].rstrip()
        return replace(self.definition, name=copy_name, trigger=None)

    def deleted(self, *, live_instances: int, at: datetime) -> "Sequence":
        """Return it deleted.

        Raises:
            SequenceRunningError: instances of it are live.
        """
        if live_instances:
            raise SequenceRunningError(
                f"{live_instances} instances are live: stop them first, or delete with"
                " ?stop_instances=true",
                extra={"live_instances": live_instances},
            )
        return replace(self, deleted_at=at)


class VersionKey(NamedTuple):
    """A version of a sequence."""

    sequence_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceVersion:
    """One version of a sequence; it never changes."""

    sequence_id: UUID
    version: int
    definition: Definition
    changed_by: str
    created_at: datetime


def _invalid(found: Iterable[tuple[str, TemplateError]]) -> TemplateInvalidError:
    template_errors = [
        {
            "field": field,
            "type": error.type,
            "token": error.token,
            "hint": error.hint,
            "position": error.position,
        }
        for field, error in found
    ]
    errors = [FieldError(field, _message(error)) for field, error in found]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return TemplateInvalidError(
        f"{errors[0].field}: {errors[0].message}{more}",
        errors=errors,
        extra={"template_errors": template_errors},
    )


def _message(error: TemplateError) -> str:
    kind = "unknown token" if error.type is ErrorType.UNKNOWN_TOKEN else "malformed"
    return f"{kind} {error.token} at position {error.position}: {error.hint}"
