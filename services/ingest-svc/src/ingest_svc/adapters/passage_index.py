"""What both indexes of passages share: the words of texts, and the payload of points."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from unicodedata import normalize
from uuid import UUID

from qdrant_edge import Bm25, Bm25Config

from ingest_svc.domain.passage import ForeignPassageError, Hit, Owner, Scope, WordWeights

PREFETCH = 50
"""Candidates by words and by meaning, before they are fused; measured best with DBSF."""
AVERAGE_CHUNK_WORDS = 128
DENSE, WORDS = "dense", "bm25"
TENANT, OWNER, CONTENT, NUMBER = "workspace_id", "persona_id", "content_id", "number"


_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_HYPHENATED = re.compile(r"(?<!\w)(\w+)[-\u2010]\s+(\w+)")
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


def payload_of(owner: Owner, number: int) -> dict[str, str | int]:
    """Return what is stored with the point of chunk `number`."""
    return {
        TENANT: owner.workspace_id,
        OWNER: str(owner.persona_id),
        CONTENT: str(owner.content_id),
        NUMBER: number,
    }


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
