"""Bodies and answers of the API."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from persona_contracts import ResolvedPersona, Text, Usage
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from service_kit.requests import StrictRequest

from chat_svc.domain.conversation import MAX_TITLE_CHARS, Conversation
from chat_svc.domain.message import (
    MAX_FEEDBACK_CHARS,
    MAX_MESSAGE_CHARS,
    CitedPassage,
    Message,
    MessageStatus,
)

Title = Annotated[
    Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE_CHARS)
]


class ConversationDocument(BaseModel):
    """A conversation, without what was said."""

    conversation_id: UUID
    title: str = Field(description="Made of the first message until it is renamed.")
    persona_id: UUID | None = Field(description="Who answers what is said from now on.")
    persona_name: str | None
    branch_of: UUID | None = Field(description="The conversation that it was branched off.")
    message_count: int
    revision: int
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime | None

    @classmethod
    def of(cls, conversation: Conversation, *, persona_name: str | None) -> Self:
        """Show a conversation."""
        return cls(
            conversation_id=conversation.conversation_id,
            title=conversation.title,
            persona_id=conversation.persona_id,
            persona_name=persona_name,
            branch_of=conversation.branch_of,
            message_count=conversation.message_count,
            revision=conversation.revision,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            last_message_at=conversation.last_message_at,
        )


class UserConversationDocument(BaseModel):
    """That a conversation exists: nothing that was said in it, nor its title."""

    conversation_id: UUID
    user_id: str
    persona_id: UUID | None
    message_count: int
    created_at: datetime
    last_message_at: datetime | None

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """Show that a conversation exists."""
        return cls(
            conversation_id=conversation.conversation_id,
            user_id=conversation.user_id,
            persona_id=conversation.persona_id,
            message_count=conversation.message_count,
            created_at=conversation.created_at,
            last_message_at=conversation.last_message_at,
        )


class CreateConversationRequest(StrictRequest):
    """What a conversation begins with."""

    title: Title | None = None


class RenameConversationRequest(StrictRequest):
    """Another title."""

    title: Title


class DeletedConversationDocument(BaseModel):
    """The conversation is not shown any more."""

    success: bool


MessageText = Annotated[
    Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MESSAGE_CHARS)
]


class CitationDocument(BaseModel):
    """A passage that the answer names as `[number]`."""

    number: int
    text: str
    source: str
    page: int | None
    section: str | None
    file_id: str
    chunk_id: str

    @classmethod
    def of(cls, passage: CitedPassage) -> Self:
        """Show a passage."""
        return cls(**asdict(passage))


class FailureDocument(BaseModel):
    """Why there is no answer, or no more of it."""

    type: str
    title: str
    detail: str
    retryable: bool = Field(description="Whether the same message may be sent again.")


class MessageDocument(BaseModel):
    """What was said at one place of a conversation."""

    message_id: UUID
    conversation_id: UUID
    seq: int
    role: Literal["user", "assistant", "system"]
    kind: Literal["text", "persona_switch"]
    status: MessageStatus
    content: str
    citations: list[CitationDocument]
    sources: list[str] = Field(description="The citations as texts, such as `prices.pdf, page 3`.")
    knowledge: Literal["used", "none", "unavailable"] | None
    token_count: int | None
    model: str | None = Field(description="`offline` is a stand-in, not a language model.")
    persona_id: UUID | None
    resolution: dict[str, Any] | None = Field(
        description="Of an answer: who speaks in it and why, from its first word to its last."
    )
    usage: Usage | None
    error: FailureDocument | None
    answers: UUID | None = Field(description="The message that this one answers.")
    stop_asked: bool
    rating: Literal["up", "down"] | None
    feedback: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, message: Message) -> Self:
        """Show a message."""
        failure, resolution = message.failure, message.resolution
        return cls(
            message_id=message.message_id,
            conversation_id=message.conversation_id,
            seq=message.seq,
            role=message.role,
            kind=message.kind,
            status=message.status,
            content=message.content,
            citations=[CitationDocument.of(each) for each in message.citations],
            sources=[str(each) for each in message.citations],
            knowledge=message.knowledge,
            token_count=message.token_count,
            model=message.model,
            persona_id=message.persona_id,
            resolution=None if resolution is None else dict(resolution),
            usage=Usage(**asdict(message.usage)) if message.usage else None,
            error=FailureDocument(**asdict(failure)) if failure else None,
            answers=message.answers,
            stop_asked=message.stop_asked,
            rating=message.rating,
            feedback=message.feedback,
            created_at=message.created_at,
            finished_at=message.finished_at,
        )


class ReadConversationRequest(StrictRequest):
    """Why somebody else's conversation is read."""

    reason: Annotated[
        Text, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)
    ] = Field(description="It stands in the audit trail.")


class ReadConversationDocument(BaseModel):
    """A conversation of somebody, and what was said in it."""

    conversation: UserConversationDocument
    title: str
    messages: list[MessageDocument]


class MessagesDocument(BaseModel):
    """A page of messages, oldest first."""

    messages: list[MessageDocument]
    has_more: bool


class PersonaDocument(BaseModel):
    """Who answers."""

    persona_id: UUID
    name: str
    persona_name: str | None
    version: int
    revision: int

    @classmethod
    def of(cls, persona: ResolvedPersona) -> Self:
        """Show a persona."""
        return cls(
            persona_id=persona.persona_id,
            name=persona.name,
            persona_name=persona.persona_name,
            version=persona.version,
            revision=persona.revision,
        )


class ConversationDetailDocument(BaseModel):
    """A conversation with its newest messages."""

    conversation: ConversationDocument
    messages: list[MessageDocument]
    persona: PersonaDocument | None


class FoundMessageDocument(BaseModel):
    """A message that has the words."""

    conversation_id: UUID
    title: str
    message_id: UUID
    created_at: datetime
    snippet: str = Field(description="Its best places, the words between `**`.")


class FoundMessagesDocument(BaseModel):
    """What was found, newest first."""

    items: list[FoundMessageDocument]


class SwitchPersonaRequest(StrictRequest):
    """Who answers from now on; null: the workspace's default."""

    persona_id: UUID | None


class EditMessageRequest(StrictRequest):
    """What to say instead."""

    message: MessageText


class BranchDocument(BaseModel):
    """A new conversation, and the answer that is written in it."""

    conversation: ConversationDocument
    answer: MessageDocument


class RateAnswerRequest(StrictRequest):
    """What an answer was worth; `none` takes a rating back."""

    rating: Literal["up", "down", "none"]
    text: Annotated[Text, StringConstraints(max_length=MAX_FEEDBACK_CHARS)] | None = None


class UiPart(BaseModel):
    """A part of a message of the AI SDK; other kinds than `text` are not read."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: Text = ""


class UiMessage(BaseModel):
    """A message of the AI SDK."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[Text, StringConstraints(max_length=255)] = ""
    role: str
    parts: list[UiPart] = Field(default_factory=list[UiPart], max_length=100)


class ChatRequest(BaseModel):
    """What is said: as `message`, or as the AI SDK has it, whose other fields are not read."""

    model_config = ConfigDict(extra="ignore")

    message: MessageText | None = None
    thread_id: UUID | None = Field(
        default=None, description="The conversation; without it, one is begun."
    )
    client_key: Annotated[Text, StringConstraints(min_length=1, max_length=255)] | None = Field(
        default=None, description="Yours: the same key again is the same message."
    )
    id: Annotated[Text, StringConstraints(min_length=1, max_length=255)] | None = Field(
        default=None, description="The AI SDK's id of the chat: one conversation has it."
    )
    messages: list[UiMessage] | None = Field(default=None, max_length=1_000)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        text = self.text_and_key()[0]
        if not text or len(text) > MAX_MESSAGE_CHARS:
            raise ValueError(f"say something, in up to {MAX_MESSAGE_CHARS:,} characters")
        return self

    def text_and_key(self) -> tuple[str, str | None]:
        """Return the message and its key: of the AI SDK's messages, the last."""
        if self.message is not None or not self.messages:
            return self.message or "", self.client_key
        last = self.messages[-1]
        text = "\n".join(part.text for part in last.parts if part.type == "text").strip()
        return text, self.client_key or last.id or None

    def client_id(self) -> str | None:
        """Return the id by which the caller's program will know a conversation that is begun."""
        if self.id is not None:
            return f"chat:{self.id}"
        return None if self.client_key is None else f"key:{self.client_key}"
