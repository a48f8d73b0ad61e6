"""What the API takes and gives: files and their chunks."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from persona_contracts import ExternalId
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from ingest_svc.adapters.documents import FileView
from ingest_svc.domain.content import VectorState
from ingest_svc.domain.document import FileStatus, Step
from ingest_svc.domain.passage import Chunk, Owner

Tags = Annotated[list[ExternalId], Field(max_length=50)]


class FailureDocument(BaseModel):
    """Why it failed: a code, a sentence, and what to do about it."""

    code: str
    title: str
    detail: str


class StatusDocument(BaseModel):
    """Where a file stands."""

    status: FileStatus
    error: str | None = Field(default=None, description="Only when failed: what to do about it.")
    guessed_charset: str | None = Field(
        default=None, description="Only if neither the file nor a byte order mark says it."
    )


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
    kind: str | None = Field(description="pdf docx pptx xlsx rtf html md txt csv eml, by content.")
    size_bytes: int | None
    sha256: str | None
    pages: int | None = Field(description="None where the kind has no pages.")
    chunks: int | None
    language: str | None
    guessed_charset: str | None = Field(
        description="How its text was read, if neither the file nor a byte order mark says."
    )
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
        document, content = view.document, view.content
        return cls(
            file_id=document.file_id,
            persona_id=document.persona_id,
            file_name=document.file_name,
            tags=list(document.tags),
            status=document.status,
            step=document.step,
            heartbeat_at=view.heartbeat_at,
            error=_failure(document.error),
            kind=content.kind if content else None,
            size_bytes=document.size_bytes,
            sha256=document.sha256,
            pages=content.pages if content else None,
            chunks=content.chunk_count if content else None,
            language=content.language if content else None,
            guessed_charset=content.guessed_charset if content else None,
            vectors=content.vectors if content else None,
            vectors_error=_failure(content.vectors_error) if content else None,
            duplicate_of=view.duplicate_of,
            uploaded_at=document.uploaded_at,
            finished_at=document.finished_at,
        )


def _failure(error: dict[str, str] | None) -> FailureDocument | None:
    return FailureDocument(**error) if error else None


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
    def of(cls, chunk: Chunk, owner: Owner) -> Self:
        """Return the document of a stored chunk."""
        return cls(
            chunk_id=owner.point_id(chunk.number),
            number=chunk.number,
            text=chunk.text,
            page_start=chunk.page_start,
            page_end=chunk.page_end,
            section=chunk.section,
        )


class TagsRequest(StrictRequest):
    """The tags of a file, all of them."""

    tags: Tags


class DeleteFilesRequest(StrictRequest):
    """Which files are to be forgotten."""

    file_ids: list[ExternalId] = Field(min_length=1, max_length=200)


class DeletedFiles(BaseModel):
    """Which files were forgotten, and which the persona does not have."""

    deleted: list[str]
    not_found: list[str]
