"""Follow-ups: what to send, and every change of an instance's state."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document, OwnEvent
from persona_contracts.message import Attempt
from persona_contracts.resolution import Resolution
from persona_contracts.types import AnyChannel, Count, ExternalId, SubjectId


class TemplateError(Document):
    """Why a template was not sent; `position` counts characters of the template from 0."""

    type: str
    """`missing_value`, `unknown_token` or `malformed`."""
    token: str
    """With its braces, such as `{signature}`; of malformed text, the text."""
    source: str | None = None
    """Who has the value: `lead`, `campaign`, `persona` or `workspace`."""
    hint: str
    """What to do."""
    position: Count


class _InstanceEvent(OwnEvent):
    instance_id: UUID

    @property
    def entity_id(self) -> str:
        """The instance: one lead's way through a sequence."""
        return str(self.instance_id)


class _StateEvent(_InstanceEvent):
    sequence_id: UUID
    lead_id: ExternalId
    campaign_id: SubjectId | None = None
    channel: AnyChannel
    """Of the step."""
    step: Attempt
    """The current one; counts from 1."""
    reason: str | None = None


class FollowupStartedV1(_StateEvent):
    """A lead is on its way; `reason` is `by-person`, or the type of the event that started it."""

    event_type: ClassVar[str] = "followup.started"


class FollowupPausedV1(_StateEvent):
    """Nothing more is sent until somebody resumes it; `reason` is a slug such as `replied`."""

    event_type: ClassVar[str] = "followup.paused"


class FollowupResumedV1(_StateEvent):
    """It goes on; `reason` is what it was paused for."""

    event_type: ClassVar[str] = "followup.resumed"


class FollowupSendRequestedV1(_InstanceEvent):
    """Send `text` as it is, once per (request_id, attempt); answer `message.sent` or `.failed`."""

    event_type: ClassVar[str] = "followup.send_requested"

    request_id: UUID
    """Made of the instance and the step: the same for every attempt, and after a restore."""
    attempt: Attempt
    sequence_id: UUID
    step: Attempt
    """Counts from 1."""
    lead_id: ExternalId
    campaign_id: SubjectId | None = None
    channel: AnyChannel
    subject: str | None = None
    text: str
    resolution: Resolution
    in_reply_to: ExternalId | None = None
    """The lead's last message, if one is known: the text belongs into its thread."""
    warnings: list[str] = Field(default_factory=list[str])
    """What is wrong with what is known of the lead: its time zone is unknown, say."""


class FollowupBlockedV1(_InstanceEvent):
    """A step was not sent, for its template cannot be filled; the instance is paused."""

    event_type: ClassVar[str] = "followup.blocked"

    step: Attempt
    template_errors: list[TemplateError]
    pause_reason: str
    setup_issue: bool
    """The persona or the workspace lacks the value, not the lead, or the template is wrong."""
    sequence_id: UUID | None = None
    """null in these: the sender does not say."""
    lead_id: ExternalId | None = None
    campaign_id: SubjectId | None = None
    channel: AnyChannel | None = None
    reason: str | None = None


class _EndedEvent(_InstanceEvent):
    sequence_id: UUID
    lead_id: ExternalId
    reason: str
    campaign_id: SubjectId | None = None
    channel: AnyChannel | None = None
    """Of the last step that was reached; null: the sender does not say."""
    step: Attempt | None = None


class FollowupCompletedV1(_EndedEvent):
    """Every step was sent."""

    event_type: ClassVar[str] = "followup.completed"


class FollowupStoppedV1(_EndedEvent):
    """The instance ended before its last step; `reason` is a slug such as `replied`."""

    event_type: ClassVar[str] = "followup.stopped"
