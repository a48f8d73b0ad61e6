"""What a file becomes: chunks of its text, each with the place it stands at."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from service_kit.errors import ServiceError, UpstreamError


class IndexUnavailableError(UpstreamError):
    """The index of passages cannot be reached; try again later."""

    slug = "index-unavailable"


class ForeignPassageError(ServiceError):
    """The index returned a passage that the question may not see; nothing was shown."""

    slug = "foreign-passage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some text of a file that is found and cited as one piece."""

    number: int
    """From 0, in the order of the file."""
    text: str
    page_start: int | None = None
    page_end: int | None = None
    """Pages count from 1 and are inclusive; None where the kind of file has none."""
    section: str | None = None
    """The heading, sheet, or lines (`lines 10-42`) where there are no pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What extraction found out about a file."""

    kind: str
    """`pdf docx pptx xlsx rtf html md txt csv eml`, by content."""
    pages: int | None
    chunk_count: int
    language: str
    """The language for word stemming, as `qdrant_edge.Bm25Config` names it, such as `english`."""
    guessed_charset: str | None = None
    """How its bytes were read, if nothing but the bytes told."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose passages a question may see: never empty, never wider than one workspace."""

    workspace_id: str
    persona_ids: tuple[UUID, ...]

    def __post_init__(self) -> None:
        """Refuse what a store would take for `all`."""
        if not self.workspace_id or not self.persona_ids:
            raise ValueError("a scope needs a workspace and at least one persona")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose content it is; part of each of its points."""

    workspace_id: str
    persona_id: UUID
    content_id: UUID

    def point_id(self, number: int) -> UUID:
        """Return the id of one chunk's point: the same at every try."""
        return uuid5(self.content_id, str(number))


@dataclass(frozen=True, slots=True)
class WordWeights:
    """A sparse vector: BM25 weights by hashed word."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is searched for: words, and meaning if there is a vector."""

    words: WordWeights
    vector: list[float] | None = None
    without: Collection[UUID] = field(default_factory=frozenset[UUID])
    """Contents that must not be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk that answers, with its score: comparable within one answer only."""

    content_id: UUID
    number: int
    persona_id: UUID
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A chunk that was found, with the file to cite."""

    hit: Hit
    text: str
    page_start: int | None
    page_end: int | None
    section: str | None
    file_id: str
    file_name: str
