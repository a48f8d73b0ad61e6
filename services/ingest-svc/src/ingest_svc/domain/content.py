"""Content: what some bytes of a persona's documents say, and how it can be found."""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from service_kit.errors import UpstreamError

from ingest_svc.domain.failure import FileFailedError
from ingest_svc.domain.passage import Extract, Owner

DEFAULT_LANGUAGE = "english"


class VectorState(StrEnum):
    """Whether a content can be found by meaning as well as by its words."""

    PENDING = "pending"
    COMPLETE = "complete"
    FAILED = "failed"
    OFF = "off"
    """No embedder is set."""


class ContentGoneError(UpstreamError):
    """The content was removed meanwhile."""

    slug = "content-gone"


class PointsLeftError(UpstreamError):
    """The index still has points of a file that was deleted."""

    slug = "points-left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Some bytes of a persona; documents with the same bytes share it.

    It is searchable once `collection` is set and a document's `content_id` names it.
    """

    content_id: UUID
    workspace_id: str
    persona_id: UUID
    sha256: str
    suffix: str
    """Of the file's name: text is read by it as Markdown, CSV or plain."""
    kind: str | None
    pages: int | None
    language: str | None
    guessed_charset: str | None
    """How its bytes were read, if nothing but the bytes told."""
    chunk_count: int | None
    collection: str | None
    """Which collection of the index has its words."""
    vectors: VectorState
    vectors_error: dict[str, str] | None
    embedded_chunks: int
    """The first so many chunks have their vector: embedding goes on from there."""
    retired: bool
    """No document has it any more: to be purged."""

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return Owner(
            workspace_id=self.workspace_id, persona_id=self.persona_id, content_id=self.content_id
        )

    @property
    def is_embedded(self) -> bool:
        """Whether every chunk has its vector."""
        return self.embedded_chunks >= (self.chunk_count or 0)

    def indexed(self, collection: str, found: Extract, *, embed: bool) -> "Content":
        """Note that its words are in a collection."""
        return replace(
            self.moved(collection, embed=embed),
            kind=found.kind,
            pages=found.pages,
            language=found.language,
            guessed_charset=found.guessed_charset,
            chunk_count=found.chunk_count,
        )

    def moved(self, collection: str, *, embed: bool) -> "Content":
        """Note that its words are in another collection, where it has no vectors yet."""
        return replace(
            self,
            collection=collection,
            embedded_chunks=0,
            vectors=VectorState.PENDING if embed else VectorState.OFF,
            vectors_error=None,
        )

    def embedded(self, chunks: int) -> "Content":
        """Note that its first `chunks` chunks have their vector."""
        return replace(self, embedded_chunks=chunks)

    def complete(self) -> "Content":
        """Note that meaning finds all of it."""
        return replace(self, vectors=VectorState.COMPLETE)

    def failed(self, failure: FileFailedError) -> "Content":
        """Note why there are no vectors; words still find it."""
        return replace(self, vectors=VectorState.FAILED, vectors_error=failure.as_dict())

    def pending(self) -> "Content":
        """Let its vectors be tried again, from the batch that failed."""
        return replace(self, vectors=VectorState.PENDING, vectors_error=None)

    def retire(self) -> "Content":
        """Give it up, to be purged."""
        return replace(self, retired=True)
