"""The tables: documents (what people uploaded), content (what they say), chunks of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leased
from service_kit.store import Base, OwnedByWorkspace
from sqlalchemy import BigInteger, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ingest_svc.domain.content import VectorState
from ingest_svc.domain.document import FileStatus, Step


class DocumentRow(Leased):
    """A file of a persona; as work: to be ingested or, with `deleted_at`, to be forgotten.

    A forgotten one stays as a tombstone, so that an older announcement cannot bring it back.
    """

    __tablename__ = "document"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[str]
    persona_id: Mapped[UUID]
    file_name: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list)
    url: Mapped[str | None]
    """Where the CRM keeps it; None if it was uploaded or written here."""
    text: Mapped[str | None]
    """What it says, if it was written here; until that is an original in our storage."""
    announced_sha256: Mapped[str | None]
    uploaded_at: Mapped[datetime]
    correlation_id: Mapped[str | None]
    """Of what announced, or deleted, it; older code leaves it null."""
    original_key: Mapped[str | None]
    """Where this version's original lies in our storage; None until it was fetched."""
    stale_keys: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """Originals of earlier versions, still to be deleted."""
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=FileStatus.PROCESSING)
    step: Mapped[str] = mapped_column(default=Step.WAITING)
    step_at: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[dict[str, Any] | None]
    content_id: Mapped[UUID | None]
    """What is searched."""
    next_content_id: Mapped[UUID | None]
    """What will be searched once it is indexed."""
    started_at: Mapped[datetime | None]
    """When the work on this version began."""
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ContentRow(Leased):
    """Some bytes of a persona's documents; as work: to be embedded or, `retired`, to be purged.

    Documents with the same bytes share it. It is searchable once `collection` is set and a
    document's `content_id` names it.
    """

    __tablename__ = "content"

    content_id: Mapped[UUID] = mapped_column(primary_key=True)
    persona_id: Mapped[UUID]
    sha256: Mapped[str]
    suffix: Mapped[str]
    """Of the file's name: text is read by it as Markdown, CSV or plain."""
    kind: Mapped[str | None]
    pages: Mapped[int | None]
    language: Mapped[str | None]
    guessed_charset: Mapped[str | None]
    """How its bytes were read, if nothing but the bytes told."""
    chunk_count: Mapped[int | None]
    collection: Mapped[str | None]
    """Which collection of the index has its words."""
    vectors: Mapped[str] = mapped_column(default=VectorState.PENDING)
    vectors_error: Mapped[dict[str, Any] | None]
    embedded_chunks: Mapped[int] = mapped_column(default=0)
    """The first so many chunks have their vector: embedding goes on from there."""
    retired: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ChunkRow(OwnedByWorkspace, Base):
    """A piece of content that is found and cited as one."""

    __tablename__ = "chunk"

    content_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    page_start: Mapped[int | None]
    page_end: Mapped[int | None]
    section: Mapped[str | None]


class KnowledgeRow(OwnedByWorkspace, Base):
    """Counts the changes to what a persona knows."""

    __tablename__ = "knowledge"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, default=0)


class PassageIndexRow(Base):
    """Which collection of the index is in use; one row."""

    __tablename__ = "passage_index"

    is_only: Mapped[bool] = mapped_column(primary_key=True, default=True)
    collection: Mapped[str]
