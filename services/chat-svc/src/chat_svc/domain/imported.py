"""Conversations that were held elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from chat_svc.domain.conversation import Conversation, title_of
from chat_svc.domain.message import Message, MessageStatus

MAX_IMPORTED: int = 50
"""Conversations in one call."""
MAX_IMPORTED_MESSAGES = 1_000
"""Of one conversation."""
MAX_IMPORTED_CHARS = 24_000
"""Of one message: an answer may be longer than what a person says."""


class Outcome(StrEnum):
    """What becomes of an imported conversation."""

    IMPORTED = "imported"
    THERE = "there"
    """It was imported before, or never left: nothing changes."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMessage:
    """What was said elsewhere."""

    message_id: UUID
    role: Literal["user", "assistant"]
    content: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedConversation:
    """A conversation of a user with a persona elsewhere, its messages in their order."""

    conversation_id: UUID
    user_id: str
    persona_id: UUID | None
    title: str | None
    created_at: datetime
    messages: Sequence[ImportedMessage]

    def conversation(self, workspace_id: str) -> Conversation:
        """Return it as it is kept here."""
        first = next((each.content for each in self.messages if each.role == "user"), "")
        last = self.messages[-1].created_at if self.messages else None
        return Conversation(
            conversation_id=self.conversation_id,
            workspace_id=workspace_id,
            user_id=self.user_id,
            persona_id=self.persona_id,
            title=self.title or title_of(first),
            seq=len(self.messages),
            message_count=len(self.messages),
            created_at=self.created_at,
            updated_at=last or self.created_at,
            last_message_at=last,
        )

    def stored_messages(self, workspace_id: str) -> list[Message]:
        """Return its messages as they are kept here; each answer is to the message before it."""
        kept: list[Message] = []
        asked: UUID | None = None
        speaker = None if self.persona_id is None else {"persona_id": str(self.persona_id)}
        for seq, each in enumerate(self.messages, start=1):
            is_answer = each.role == "assistant"
            message = Message(
                message_id=each.message_id,
                workspace_id=workspace_id,
                conversation_id=self.conversation_id,
                seq=seq,
                role=each.role,
                status=MessageStatus.COMPLETED,
                content=each.content,
                persona_id=self.persona_id,
                resolution=speaker if is_answer else None,
                answers=asked if is_answer else None,
                created_at=each.created_at,
                finished_at=each.created_at,
            )
            asked = None if is_answer else each.message_id
            kept.append(message)
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What became of one conversation, and why it was refused."""

    conversation_id: UUID
    outcome: Outcome
    message_count: int = 0
    reason: str | None = None
