"""What happens in conversations with personas: never a word of what was said."""

from typing import ClassVar, Literal
from uuid import UUID

from persona_contracts.draft import Usage
from persona_contracts.event import OwnEvent
from persona_contracts.types import Count


class _ChatEvent(OwnEvent):
    conversation_id: UUID
    message_id: UUID
    persona_id: UUID | None = None
    """Who spoke; null: nobody in particular."""
    version: int | None = None

    @property
    def entity_id(self) -> str:
        """The answer."""
        return str(self.message_id)


class ChatMessageCompletedV1(_ChatEvent):
    """A persona has answered."""

    event_type: ClassVar[str] = "chat.message_completed"

    revision: int
    user_id: str
    model: str
    usage: Usage
    took_ms: Count
    knowledge: Literal["used", "none", "unavailable"] | str


class ChatFeedbackV1(_ChatEvent):
    """Somebody says what an answer was worth."""

    event_type: ClassVar[str] = "chat.feedback"

    rating: Literal["up", "down", "none"] | str
