"""A document: a file of a persona, with its states as people see them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from service_kit.errors import ConflictError, NotFoundError, UpstreamError

from ingest_svc.domain.failure import FileFailedError

UNKNOWN_PERSONA = UUID(int=0)
"""The persona of a file that was deleted before it was announced."""


class FileStatus(StrEnum):
    """The three public states (C76); there is no percentage."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Step(StrEnum):
    """What is being done to a file, or was done last."""

    WAITING = "waiting"
    FETCHING = "fetching"
    EXTRACTING = "extracting"
    INDEXING = "indexing"
    REMOVING = "removing"
    DONE = "done"


class UnknownFileError(NotFoundError):
    """File not found."""

    slug = "file-not-found"


class FileBusyError(ConflictError):
    """The file is being processed."""

    slug = "file-busy"


class PersonaNotKnownYetError(UpstreamError):
    """The persona of the file is not known, or not yet."""

    slug = "persona-not-known-yet"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of an original once it is stored."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A file, or a later version of it, that was announced or uploaded."""

    workspace_id: str
    file_id: str
    persona_id: UUID
    file_name: str
    uploaded_at: datetime
    tags: Sequence[str] = ()
    url: str | None = None
    """Where the CRM keeps it; None if it was uploaded or written here."""
    text: str | None = None
    """What it says, if it was written here."""
    sha256: str | None = None
    original_key: str | None = None
    """Where an upload lies in our storage already."""
    size_bytes: int | None = None
    traceparent: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file of a persona, and how far its newest version has come.

    A deleted one stays as a tombstone, so that an older announcement cannot bring it back.
    """

    document_id: UUID
    workspace_id: str
    file_id: str
    persona_id: UUID
    file_name: str
    tags: Sequence[str]
    url: str | None
    text: str | None
    announced_sha256: str | None
    uploaded_at: datetime
    original_key: str | None
    """Where this version's original lies in our storage; None until it was fetched."""
    stale_keys: Sequence[str]
    """Originals of earlier versions, still to be deleted."""
    size_bytes: int | None
    sha256: str | None
    status: FileStatus
    step: Step
    error: dict[str, str] | None
    content_id: UUID | None
    """What is searched."""
    next_content_id: UUID | None
    """What will be searched once it is indexed."""
    started_at: datetime | None
    """When the work on this version began."""
    finished_at: datetime | None
    deleted_at: datetime | None
    traceparent: str | None
    correlation_id: str | None
    """Of what announced, or deleted, it."""

    @property
    def causes(self) -> dict[str, str | None]:
        """The correlation that events of the file carry."""
        return {self.file_id: self.correlation_id}

    def precedes(self, version: Version) -> bool:
        """Return whether `version` is newer than what is known, a deletion included."""
        return version.uploaded_at > max(self.uploaded_at, self.deleted_at or self.uploaded_at)

    def with_version(self, version: Version) -> "Document":
        """Take a new version, to be processed; what an earlier one taught is still searched."""
        taken = replace(
            self,
            persona_id=version.persona_id,
            file_name=version.file_name,
            tags=list(version.tags),
            url=version.url,
            text=version.text,
            announced_sha256=version.sha256.lower() if version.sha256 else None,
            uploaded_at=version.uploaded_at,
            deleted_at=None,
            stale_keys=[*self.stale_keys, *_keys(self.original_key)],
            original_key=version.original_key,
            size_bytes=version.size_bytes,
            sha256=version.sha256 if version.original_key else None,
            traceparent=version.traceparent,
            correlation_id=version.correlation_id,
        )
        return taken.processing()

    def processing(self) -> "Document":
        """Begin anew."""
        return replace(
            self,
            status=FileStatus.PROCESSING,
            step=Step.WAITING,
            error=None,
            started_at=None,
            finished_at=None,
        )

    def require_idle(self) -> None:
        """Refuse while the file is being processed.

        Raises:
            FileBusyError: it is.
        """
        if self.status is FileStatus.PROCESSING:
            raise FileBusyError(f"file {self.file_id} is being processed: wait until it is not")

    def at_step(self, step: Step, *, started_at: datetime | None = None) -> "Document":
        """Note what is being done."""
        return replace(self, step=step, started_at=started_at or self.started_at)

    def fetched(self, key: str, stored: StoredFile) -> "Document":
        """Note where the original lies."""
        return replace(
            self,
            text=None,
            original_key=key,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
        )

    def preparing(self, content_id: UUID | None) -> "Document":
        """Note which content will be searched next."""
        return replace(self, next_content_id=content_id)

    def ready(self, content_id: UUID, at: datetime) -> "Document":
        """Show a content in place of the one before, if any."""
        return replace(
            self,
            content_id=content_id,
            next_content_id=None,
            status=FileStatus.READY,
            step=Step.DONE,
            error=None,
            finished_at=at,
        )

    def failed(self, failure: FileFailedError, at: datetime) -> "Document":
        """Note why it cannot become knowledge; an earlier version stays searchable."""
        return replace(
            self,
            status=FileStatus.FAILED,
            step=Step.DONE,
            error=failure.as_dict(),
            next_content_id=None,
            finished_at=at,
        )

    def without_contents(self) -> "Document":
        """Part from what earlier versions taught."""
        return replace(self, content_id=None, next_content_id=None)

    def deleted(self, at: datetime, *, correlation_id: str | None = None) -> "Document":
        """Hide it; its removal is still to be done."""
        return replace(self, deleted_at=at, step=Step.REMOVING, correlation_id=correlation_id)

    def deleted_unseen(self, at: datetime) -> "Document":
        """Become the tombstone of a file that was deleted before it was announced."""
        return replace(self, deleted_at=at, uploaded_at=at, step=Step.DONE)

    def tombstone(self) -> "Document":
        """Keep nothing but that it is deleted."""
        return replace(
            self.without_contents(),
            original_key=None,
            url=None,
            text=None,
            stale_keys=[],
            step=Step.DONE,
        )

    def without_stale(self, keys: Sequence[str]) -> "Document":
        """Note that some originals of earlier versions are deleted."""
        return replace(self, stale_keys=[key for key in self.stale_keys if key not in keys])

    def content_ids(self) -> list[UUID]:
        """Return what is searched and what will be."""
        ids = dict.fromkeys((self.content_id, self.next_content_id))
        return [content_id for content_id in ids if content_id is not None]

    def original_keys(self) -> list[str]:
        """Return the storage key of each of its originals."""
        return [*dict.fromkeys((*_keys(self.original_key), *self.stale_keys))]


def _keys(key: str | None) -> list[str]:
    return [] if key is None else [key]


def new_original_key(workspace_id: str, document_id: UUID) -> str:
    """Return a new key for an original of a document."""
    return f"{workspace_id}/{document_id}/{uuid4().hex}"
