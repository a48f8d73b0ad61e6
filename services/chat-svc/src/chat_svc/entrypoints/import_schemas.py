"""Conversations that come from elsewhere, and the report on them."""

from dataclasses import asdict
from typing import Annotated, Literal, Self
from uuid import UUID

from persona_contracts import Text
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from service_kit.requests import StrictRequest

from chat_svc.domain.imported import (
    MAX_IMPORTED,
    MAX_IMPORTED_CHARS,
    MAX_IMPORTED_MESSAGES,
    ImportedConversation,
    ImportedMessage,
    ImportResult,
    Outcome,
)
from chat_svc.entrypoints.schemas import Title

UserId = Annotated[Text, StringConstraints(min_length=1, max_length=255)]


class MessageToImport(StrictRequest):
    """What was said."""

    message_id: UUID
    role: Literal["user", "assistant"]
    content: Annotated[Text, StringConstraints(min_length=1, max_length=MAX_IMPORTED_CHARS)]
    created_at: AwareDatetime


class ConversationToImport(StrictRequest):
    """A conversation, its messages oldest first."""

    conversation_id: UUID
    persona_id: UUID | None = Field(
        default=None, description="Who answered, and answers from now on; null: the default."
    )
    title: Title | None = Field(default=None, description="Else made of the first message.")
    created_at: AwareDatetime
    messages: list[MessageToImport] = Field(max_length=MAX_IMPORTED_MESSAGES)

    def of(self, user_id: str) -> ImportedConversation:
        """Return it as this user's."""
        return ImportedConversation(
            conversation_id=self.conversation_id,
            user_id=user_id,
            persona_id=self.persona_id,
            title=self.title,
            created_at=self.created_at,
            messages=[ImportedMessage(**each.model_dump()) for each in self.messages],
        )


class UserConversationToImport(ConversationToImport):
    """A conversation of somebody."""

    user_id: UserId


class ImportConversationsRequest(StrictRequest):
    """Conversations of the caller; with `dry_run` nothing is stored."""

    conversations: list[ConversationToImport] = Field(min_length=1, max_length=MAX_IMPORTED)
    dry_run: bool = False


class ImportUserConversationsRequest(StrictRequest):
    """Conversations of users; with `dry_run` nothing is stored."""

    conversations: list[UserConversationToImport] = Field(min_length=1, max_length=MAX_IMPORTED)
    dry_run: bool = False


class ImportResultDocument(BaseModel):
    """What became of one conversation; of a dry run, what would."""

    conversation_id: UUID
    outcome: Outcome = Field(description="`there`: it was there already, and stays as it is.")
    message_count: int
    reason: str | None = Field(description="Why it is refused.")


class ImportReportDocument(BaseModel):
    """What became of each conversation, in their order."""

    dry_run: bool
    items: list[ImportResultDocument]

    @classmethod
    def of(cls, results: list[ImportResult], *, dry_run: bool) -> Self:
        """Show what became of them."""
        items = [ImportResultDocument(**asdict(result)) for result in results]
        return cls(dry_run=dry_run, items=items)
