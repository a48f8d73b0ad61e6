"""Workspace settings and campaign assignments: `workspace.updated`, `assignment.changed`."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document, OwnEvent
from persona_contracts.types import AnyChannel, SubjectId


class LegacySettings(Document):
    """The fields from before there were personas; the first seven mirror the default persona."""

    ai_persona_name: str | None = None
    ai_tone: str | None = None
    ai_greeting: str | None = None
    ai_sms_greeting: str | None = None
    ai_signature: str | None = None
    ai_goals: str | None = None
    service_description: str | None = None
    ideal_customer_profile: str | None = None


class ModelPolicy(Document):
    """Which language models a workspace uses, and how; what it leaves open, the services choose."""

    allowed: list[str] = Field(default_factory=list[str])
    """The names of models; none: any."""
    strategy: str | None = None
    """For the strategy of a draft, where the persona names none that is allowed."""
    write: str | None = None
    """For the draft itself, likewise."""
    chat: str | None = None
    """For an answer in a chat, likewise."""
    temperature: float | None = None
    """Where the persona has none."""
    max_tokens: int | None = None
    """The most that one answer may have, whatever the persona says."""
    plan_drafts: bool = True
    """Whether drafts of e-mails are planned before they are written: two calls, not one."""


class WorkspaceSettings(LegacySettings):
    """What holds for the whole workspace."""

    default_persona_id: UUID | None = None
    qualification_questions: list[str] = Field(default_factory=list[str])
    prompt_approval: bool = False
    """Whether another admin approves each new text of a prompt."""
    models: ModelPolicy = Field(default_factory=ModelPolicy)


class WorkspaceUpdatedV1(OwnEvent):
    """The workspace's settings, default persona or mirrored fields changed."""

    event_type: ClassVar[str] = "workspace.updated"

    settings: WorkspaceSettings
    revision: int
    changed_fields: list[str] = Field(default_factory=list[str])

    @property
    def entity_id(self) -> str:
        """The workspace."""
        return self.workspace_id


class AssignmentChangedV1(OwnEvent):
    """A campaign speaks with another persona on one channel, or on `any`: every other channel.

    Null means: as if there were no such assignment.
    """

    event_type: ClassVar[str] = "assignment.changed"

    campaign_id: SubjectId
    channel: AnyChannel
    persona_id: UUID | None = None
    previous_persona_id: UUID | None = None
    revision: int

    @property
    def entity_id(self) -> str:
        """The campaign."""
        return self.campaign_id


class WorkspaceErasedV1(OwnEvent):
    """A workspace is to be erased: whoever keeps something of it erases what is older than this."""

    event_type: ClassVar[str] = "workspace.erased"

    @property
    def entity_id(self) -> str:
        """The workspace."""
        return self.workspace_id
