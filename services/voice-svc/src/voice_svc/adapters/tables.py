"""All rows of voice-svc."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leased
from service_kit.store import Base, OwnedByWorkspace
from sqlalchemy import BigInteger, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class AgentRow(Leased):
    """The agent of a persona; as work: to be brought into step with it."""

    __tablename__ = "agent"

    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    drift: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    wanted_revision: Mapped[int] = mapped_column(BigInteger)
    secret_id: Mapped[str | None]
    tool_id: Mapped[str | None]
    agent_id: Mapped[str | None]
    tool_secret_sha256: Mapped[bytes | None]
    wanted_hash: Mapped[str | None]
    observed_hash: Mapped[str | None]
    template_version: Mapped[int | None]
    revision: Mapped[int | None] = mapped_column(BigInteger)
    running_since: Mapped[datetime | None]
    voice_id: Mapped[str | None]
    replaced_voice_id: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]


class AgentRevisionRow(OwnedByWorkspace, Base):
    """Which revision of a persona an agent runs from `since` on, until the next one."""

    __tablename__ = "agent_revision"

    agent_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    persona_id: Mapped[UUID]
    since: Mapped[datetime] = mapped_column(server_default=func.now())


TEXTS = "texts"
"""What was said in calls: lists do without it."""


class CallRow(OwnedByWorkspace, Base):
    """A call with a persona's agent that has ended."""

    __tablename__ = "call"

    call_id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[str]
    persona_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(BigInteger)
    agent_id: Mapped[str]
    lead_id: Mapped[str | None]
    started_at: Mapped[datetime]
    duration_seconds: Mapped[int]
    cost: Mapped[int | None]
    turns: Mapped[int]
    transcript: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, deferred=True, deferred_group=TEXTS
    )
    citations: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, deferred=True, deferred_group=TEXTS
    )


class ConversationRemovalRow(Leased):
    """A call that was erased here, whose copy at the vendor's is to be deleted."""

    __tablename__ = "conversation_removal"

    removal_id: Mapped[UUID] = mapped_column(primary_key=True)
    persona_id: Mapped[UUID]
    conversation_id: Mapped[str]


class AudioRow(OwnedByWorkspace, Base):
    """Audio that may be heard again, encrypted; its digest is of what was asked for."""

    __tablename__ = "audio"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    persona_id: Mapped[UUID]
    sealed: Mapped[bytes]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_at: Mapped[datetime]


class SpeechUsageRow(OwnedByWorkspace, Base):
    """Characters spoken in a month, by a persona or by the workspace as a whole."""

    __tablename__ = "speech_usage"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    characters: Mapped[int] = mapped_column(BigInteger)


class VoiceReplacementRow(OwnedByWorkspace, Base):
    """When it was last told that a voice stood in for another."""

    __tablename__ = "voice_replacement"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    voice_id: Mapped[str] = mapped_column(primary_key=True)
    replacement_voice_id: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


class KnownVoiceRow(OwnedByWorkspace, Base):
    """What a persona's voice was like when it spoke: a similar one may have to be found."""

    __tablename__ = "known_voice"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    voice_id: Mapped[str] = mapped_column(primary_key=True)
    gender: Mapped[str | None]
    accent: Mapped[str | None]
    age: Mapped[str | None]
    language: Mapped[str | None]
