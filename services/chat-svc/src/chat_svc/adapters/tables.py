"""The tables: conversations and their messages; questions that no passage answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leased
from service_kit.store import Base, OwnedByWorkspace
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class ConversationRow(OwnedByWorkspace, Base):
    """A conversation; whoever gives a message its place has locked this row."""

    __tablename__ = "conversation"

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    client_id: Mapped[str | None]
    persona_id: Mapped[UUID | None]
    branch_of: Mapped[UUID | None]
    title: Mapped[str]
    seq: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    message_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_message_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class MessageRow(Leased):
    """What was said at one place of a conversation; as work: an answer to be written.

    Of a conversation's open answers the first alone has `due_at`.
    """

    __tablename__ = "message"

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID]
    seq: Mapped[int]
    role: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    content: Mapped[str] = mapped_column(default="")
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    knowledge: Mapped[str | None]
    token_count: Mapped[int | None]
    model: Mapped[str | None]
    persona_id: Mapped[UUID | None]
    """Whom it is said to, or who is to say it. Of a switch: who speaks from then on."""
    resolution: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    answers: Mapped[UUID | None]
    """Of an answer: the message that it answers."""
    client_key: Mapped[str | None]
    run: Mapped[int] = mapped_column(default=0)
    """Of how many beginnings `content` is the last: a process that dies leaves it to another."""
    stop_asked: Mapped[bool] = mapped_column(default=False)
    rating: Mapped[str | None]
    feedback: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class GapRow(OwnedByWorkspace, Base):
    """A question to a persona that no passage answers."""

    __tablename__ = "gap"

    gap_id: Mapped[UUID] = mapped_column(primary_key=True)
    persona_id: Mapped[UUID]
    question: Mapped[str]
    question_key: Mapped[str]
    """Equal for questions that differ in case and punctuation only."""
    revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]


class GapSourceRow(OwnedByWorkspace, Base):
    """Where such a question was asked."""

    __tablename__ = "gap_source"

    gap_id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(primary_key=True)
    """The answer, or the draft."""
    origin: Mapped[str]
    owner_id: Mapped[str]
    """The conversation, or the lead: with it the question goes."""
    asked_at: Mapped[datetime]


class PromptTestRow(OwnedByWorkspace, Base):
    """What one side of a test of prompts took; never what was asked or answered."""

    __tablename__ = "prompt_test"

    test_id: Mapped[UUID] = mapped_column(primary_key=True)
    persona_id: Mapped[UUID]
    version: Mapped[int]
    side: Mapped[str]
    model: Mapped[str]
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cost_microusd: Mapped[int | None]
    took_ms: Mapped[int]
    created_at: Mapped[datetime]
