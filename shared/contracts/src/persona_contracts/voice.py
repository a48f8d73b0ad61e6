"""Voice agents of personas: what is asked for, what became of them, and their conversations."""

from typing import ClassVar, Literal
from uuid import UUID

from persona_contracts.event import Document, OwnEvent
from persona_contracts.types import Count, ExternalId, UtcTime


class _VoiceEvent(OwnEvent):
    persona_id: UUID

    @property
    def entity_id(self) -> str:
        """The persona."""
        return str(self.persona_id)


class VoiceSetupRequestedV1(_VoiceEvent):
    """A person wants the persona to have an agent, or not: persona-svc sets `voice.enabled`."""

    event_type: ClassVar[str] = "voice.setup_requested"

    enabled: bool
    requested_by: str


class VoiceAgentReadyV1(_VoiceEvent):
    """The agent runs this revision of the persona."""

    event_type: ClassVar[str] = "voice.agent_ready"

    agent_id: ExternalId
    revision: Count


class VoiceError(Document):
    """Why there is no agent that is in step; `code` is one of those in the documentation."""

    code: str
    title: str
    detail: str


class VoiceAgentFailedV1(_VoiceEvent):
    """The agent cannot be brought into step until something is changed."""

    event_type: ClassVar[str] = "voice.agent_failed"

    error: VoiceError


class VoiceVoiceReplacedV1(_VoiceEvent):
    """The persona spoke with another voice; told at most once an hour per pair of voices."""

    event_type: ClassVar[str] = "voice.voice_replaced"

    voice_id: ExternalId
    replacement_voice_id: ExternalId
    reason: Literal["discontinued", "unavailable"] | str


class VoiceConversationEndedV1(_VoiceEvent):
    """A call with the persona's agent is over; never its text."""

    event_type: ClassVar[str] = "voice.conversation_ended"

    conversation_id: ExternalId
    agent_id: ExternalId
    revision: Count | None = None
    """Of the persona that spoke; None: it is not known."""
    lead_id: ExternalId | None = None
    started_at: UtcTime
    duration_seconds: Count
    transcript_turns: Count
    cost: Count | None = None
    """In the vendor's credits."""
