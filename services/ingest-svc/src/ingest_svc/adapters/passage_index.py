"""What every index of passages does; `edge_index` and `qdrant_index` do it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol
from unicodedata import normalize
from uuid import UUID, uuid5

from qdrant_edge import Bm25, Bm25Config
from service_kit.errors import ServiceError, UpstreamError

PREFETCH = 50
"""Candidates by words and by meaning, before they are fused; measured best with DBSF."""
AVERAGE_CHUNK_WORDS = 128
DENSE, WORDS = "dense", "bm25"
TENANT, OWNER, CONTENT, NUMBER = "workspace_id", "persona_id", "content_id", "number"


class IndexUnavailableError(UpstreamError):
    """The index of passages cannot be reached; try again later."""

    slug = "index-unavailable"


class ForeignPassageError(ServiceError):
    """The index returned a passage that the question may not see; nothing was shown."""

    slug = "foreign-passage"


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

    def payload(self, number: int) -> dict[str, str | int]:
        """Return what is stored with the point of chunk `number`."""
        return {
            TENANT: self.workspace_id,
            OWNER: str(self.persona_id),
            CONTENT: str(self.content_id),
            NUMBER: number,
        }


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


class PassageIndex(Protocol):
    """Points of chunks, found by word and by meaning, in one collection."""

    collection: str

    async def open(self) -> None:
        """Open or create the collection; every other method waits for it.

        Raises:
            SettingsError: it cannot be opened as this process is set up.
        """
        ...

    async def put_words(self, owner: Owner, first: int, words: Sequence[WordWeights]) -> None:
        """Store the chunks from number `first` on, without vectors; durable after `flush`."""
        ...

    async def put_vectors(self, owner: Owner, first: int, vectors: Sequence[list[float]]) -> None:
        """Add their vectors to the chunks from number `first` on, which must be stored."""
        ...

    async def flush(self) -> None:
        """Return once what was put is on disk."""
        ...

    async def search(self, scope: Scope, question: Question, limit: int) -> list[Hit]:
        """Return the best chunks of `scope`, best first.

        Raises:
            ForeignPassageError: the store returned something outside of `scope`.
            IndexUnavailableError: it does not answer.
        """
        ...

    async def remove(self, workspace_id: str, content_id: UUID) -> None:
        """Remove every point of a content."""
        ...

    async def count(self, workspace_id: str, content_id: UUID) -> int:
        """Return how many points a content has."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...


_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_HYPHENATED = re.compile(r"(\w+)[-\u2010]\s+(\w+)")
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without spaces."""


@cache
def _bm25(language: str) -> Bm25:
    return Bm25(Bm25Config(avg_len=AVERAGE_CHUNK_WORDS, language=language))


def _separable(text: str) -> str:
    """Return a text whose words BM25 can tell apart: its tokenizer splits at spaces and marks.

    Ligatures become letters, soft hyphens go, a word that is hyphenated at the end of a line
    stands there whole as well, and scripts without spaces become pairs of letters.
    """
    text = _INVISIBLE.sub("", normalize("NFKC", text))
    text = _HYPHENATED.sub(r"\g<0> \1\2", text)
    return _SPACELESS.sub(_pairs, text)


def _pairs(match: re.Match[str]) -> str:
    letters = match[0]
    pairs = (letters[at : at + 2] for at in range(max(len(letters) - 1, 1)))
    return f" {' '.join(pairs)} "


def document_words(texts: Iterable[str], language: str) -> list[WordWeights]:
    """Return the weights of chunks, stemmed by `language` (as `Bm25Config` names it)."""
    bm25 = _bm25(language)
    vectors = (bm25.embed_document(_separable(text)) for text in texts)
    return [WordWeights(list(vector.indices), list(vector.values)) for vector in vectors]


def query_words(text: str, languages: Iterable[str]) -> WordWeights:
    """Return the words of a question, stemmed by each of `languages` that the passages are in."""
    weights: dict[int, float] = {}
    separable = _separable(text)
    for language in languages:
        vector = _bm25(language).embed_query(separable)
        weights.update(zip(vector.indices, vector.values, strict=True))
    return WordWeights(list(weights), list(weights.values()))


def checked_hits(
    scope: Scope, points: Iterable[tuple[Mapping[str, object] | None, float]]
) -> list[Hit]:
    """Return hits from the payloads and scores of points.

    Raises:
        ForeignPassageError: a point lies outside of `scope`.
    """
    personas = {str(persona_id): persona_id for persona_id in scope.persona_ids}
    hits: list[Hit] = []
    for payload, score in points:
        found = payload or {}
        persona_id = personas.get(str(found.get(OWNER)))
        if found.get(TENANT) != scope.workspace_id or persona_id is None:
            raise ForeignPassageError("a passage of another workspace or persona was found")
        hits.append(
            Hit(
                content_id=UUID(str(found[CONTENT])),
                number=int(str(found[NUMBER])),
                persona_id=persona_id,
                score=score,
            )
        )
    return hits
