"""What the API takes and gives: files, chunks, knowledge, passages."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from persona_contracts import ExternalId, Passage, Text
from pydantic import BaseModel, ConfigDict, Field

from ingest_svc.adapters.documents import FileView
from ingest_svc.adapters.knowledge import Found, Overview
from ingest_svc.adapters.passage_index import Owner
from ingest_svc.adapters.tables import ChunkRow
from ingest_svc.domain.document import FileStatus, Step, VectorState

MAX_QUERY_CHARS = 2_000


class FailureDocument(BaseModel):
    """Why it failed: a code, a sentence, and what to do about it."""

    code: str
    title: str
    detail: str


class StatusDocument(BaseModel):
    """Where a file stands."""

    status: FileStatus
    error: str | None = Field(default=None, description="Only when failed: what to do about it.")


class FileDocument(BaseModel):
    """A file of a persona."""

    file_id: str
    persona_id: UUID
    file_name: str
    tags: list[str]
    status: FileStatus
    step: Step = Field(description="What is being done, or was done last.")
    heartbeat_at: datetime | None = Field(description="While processing: the last sign of life.")
    error: FailureDocument | None
    kind: str | None = Field(description="pdf docx pptx xlsx html md txt csv eml, by content.")
    size_bytes: int | None
    sha256: str | None
    pages: int | None = Field(description="None where the kind has no pages.")
    chunks: int | None
    language: str | None
    vectors: VectorState | None = Field(
        description="Whether meaning finds it too; words do once it is ready."
    )
    vectors_error: FailureDocument | None
    duplicate_of: str | None = Field(description="An earlier file with the same content.")
    uploaded_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, view: FileView) -> Self:
        """Return the document of a stored file."""
        row, content = view.row, view.content
        working = row.status == FileStatus.PROCESSING
        return cls(
            file_id=row.file_id,
            persona_id=row.persona_id,
            file_name=row.file_name,
            tags=row.tags,
            status=FileStatus(row.status),
            step=Step(row.step),
            heartbeat_at=max(filter(None, (view.heartbeat_at, row.step_at))) if working else None,
            error=FailureDocument(**row.error) if row.error else None,
            kind=content.kind if content else None,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            pages=content.pages if content else None,
            chunks=content.chunk_count if content else None,
            language=content.language if content else None,
            vectors=VectorState(content.vectors) if content else None,
            vectors_error=FailureDocument(**content.vectors_error)
            if content and content.vectors_error
            else None,
            duplicate_of=view.duplicate_of,
            uploaded_at=row.uploaded_at,
            finished_at=row.finished_at,
        )


class UploadedFile(BaseModel):
    """A file that was taken in."""

    id: str
    file_name: str
    status: Literal["processing"] = "processing"


class Uploaded(BaseModel):
    """What was taken in; `id` and `status` are those of the first file."""

    id: str
    status: Literal["processing"] = "processing"
    files: list[UploadedFile]


class ChunkDocument(BaseModel):
    """A chunk of a file, as it is found and cited."""

    chunk_id: UUID
    number: int
    text: str
    page_start: int | None
    page_end: int | None
    section: str | None

    @classmethod
    def of(cls, row: ChunkRow, owner: Owner) -> Self:
        """Return the document of a stored chunk."""
        return cls(
            chunk_id=owner.point_id(row.number),
            number=row.number,
            text=row.text,
            page_start=row.page_start,
            page_end=row.page_end,
            section=row.section,
        )


class KnowledgeDocument(BaseModel):
    """What a persona knows."""

    persona_id: UUID
    summary: str = Field(description="One sentence for people; says so when there is nothing.")
    files: int
    ready: int
    processing: int
    failed: int
    chunks: int
    pages: int
    vectors_pending: int = Field(description="Chunks that meaning does not find yet.")
    inherited_chunks: int = Field(description="What its ancestors know is searched, too.")
    inherits_from: list[UUID]
    revision: int

    @classmethod
    def of(
        cls, persona_id: UUID, own: Overview, lineage: list[UUID], inherited_chunks: int
    ) -> Self:
        """Return the document of what is counted."""
        return cls(
            persona_id=persona_id,
            summary=_summary(own, inherited_chunks),
            files=own.files,
            ready=own.ready,
            processing=own.processing,
            failed=own.failed,
            chunks=own.chunks,
            pages=own.pages,
            vectors_pending=own.vectors_pending,
            inherited_chunks=inherited_chunks,
            inherits_from=lineage,
            revision=own.revision,
        )


def _summary(own: Overview, inherited_chunks: int) -> str:
    if own.chunks:
        files = "1 file" if own.ready == 1 else f"{own.ready} files"
        said = f"{_passages(own.chunks)} from {files}"
    else:
        said = "No knowledge yet"
    if inherited_chunks:
        said += f"; {_passages(inherited_chunks)} of its ancestors"
    if own.processing:
        said += f"; {own.processing} being processed"
    return said + "."


def _passages(count: int) -> str:
    return "1 passage" if count == 1 else f"{count:,} passages"


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


Tags = Annotated[list[ExternalId], Field(max_length=50)]


class TagsRequest(_Request):
    """The tags of a file, all of them."""

    tags: Tags


class BulkDelete(_Request):
    """Which files are to be forgotten."""

    file_ids: list[ExternalId] = Field(min_length=1, max_length=200)


class BulkDeleted(BaseModel):
    """Which files were forgotten, and which the persona does not have."""

    deleted: list[str]
    not_found: list[str]


class SearchRequest(_Request):
    """A question to a persona's knowledge."""

    query: Text = Field(min_length=1, max_length=MAX_QUERY_CHARS)
    limit: int = Field(default=8, ge=1, le=20)


class SearchAnswer(BaseModel):
    """Passages, best first; scores compare within one answer only."""

    passages: list[Passage]
    knowledge_revision: int
    mode: Literal["hybrid", "lexical"] = Field(
        description="`lexical`: no vectors took part, words alone."
    )


def passage(found: Found, workspace_id: str) -> Passage:
    """Return a chunk that was found, as a citation."""
    owner = Owner(
        workspace_id=workspace_id,
        persona_id=found.hit.persona_id,
        content_id=found.hit.content_id,
    )
    return Passage(
        text=found.text,
        source=found.file_name,
        page_start=found.page_start,
        page_end=found.page_end,
        section=found.section,
        file_id=found.file_id,
        chunk_id=str(owner.point_id(found.hit.number)),
        persona_id=found.hit.persona_id,
        score=found.hit.score,
    )
