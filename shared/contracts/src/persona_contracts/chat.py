"""What happens in conversations with personas: never a word of what was said.

`chat.gap_answered` alone has words: those that somebody gives a persona to know.
"""

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


class _GapEvent(OwnEvent):
    gap_id: UUID
    persona_id: UUID

    @property
    def entity_id(self) -> str:
        """The gap."""
        return str(self.gap_id)


class ChatUnansweredV1(_GapEvent):
    """A question that no passage answers was asked for the first time, or again after an answer.

    The question itself is shown to editors, who ask chat-svc for it.
    """

    event_type: ClassVar[str] = "chat.unanswered"

    revision: int


class ChatGapAnsweredV1(_GapEvent):
    """Somebody answered such a question: the persona is to know it from now on."""

    event_type: ClassVar[str] = "chat.gap_answered"

    question: str
    answer: str
    answered_by: str
