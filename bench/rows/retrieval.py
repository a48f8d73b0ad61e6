"""Row 9: how often the right paragraph is found: by words, by meaning, by both."""

import asyncio
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.minilm import MiniLM
from ingest_svc.adapters.passage_index import document_words, query_words
from ingest_svc.domain.passage import Hit, Owner, Question, Scope, WordWeights
from ingest_svc.domain.quotation import Quotation
from ingest_svc.usecases.search_knowledge import CANDIDATES
from measured import DataMissingError, Measured, Row

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "corpus" / "squad.json"
PERSONAS = 12
NO_WORDS = WordWeights([], [])


def measure(*, quick: bool) -> Row:
    """Ask every question (each fifth, when quick) of its persona, in each of three ways."""
    if not CORPUS.is_file():
        raise DataMissingError(f"{CORPUS.name} is not there: see ../shared/data/corpus")
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), step=5 if quick else 1))


async def _measure(folder: Path, step: int) -> Row:
    model = MiniLM()
    index = EdgeIndex(folder, "quality", model.dimension)
    await index.open()
    asked: list[tuple[Owner, int, str, float]] = []
    articles = json.loads(CORPUS.read_text())["articles"]
    texts_of: dict[UUID, list[str]] = {}
    for group in range(PERSONAS):
        owner = Owner(workspace_id="bench", persona_id=uuid4(), content_id=uuid4())
        texts = [p for article in articles[group::PERSONAS] for p in article["paragraphs"]]
        texts_of[owner.content_id] = [p["text"] for p in texts]
        await _put(index, model, owner, texts_of[owner.content_id])
        asked += [
            (owner, number, q["q"], _shared(q["q"], paragraph["text"]))
            for number, paragraph in enumerate(texts)
            for q in paragraph["questions"]
        ]
    asked = asked[::step]
    vectors = await model.embed([text for _, _, text, _ in asked])
    figures: list[Measured] = []
    for way, by_words, by_meaning in (
        ("words (BM25)", True, False),
        ("meaning (MiniLM)", False, True),
        ("both", True, True),
    ):
        ranks: list[tuple[float, int]] = []
        for (owner, number, text, shared), vector in zip(asked, vectors, strict=True):
            question = Question(
                words=query_words(text, ["english"]) if by_words else NO_WORDS,
                vector=vector if by_meaning else None,
            )
            hits = await index.search(Scope("bench", (owner.persona_id,)), question, CANDIDATES)
            if any(hit.content_id != owner.content_id for hit in hits):
                raise ValueError("a passage of another persona was found")
            found = _best_first(hits, texts_of[owner.content_id], text)[:10]
            ranks.append((shared, found.index(number) + 1 if number in found else 0))
        figures += _figures(way, ranks, goals=way == "both")
    await index.close()
    paragraphs = sum(map(len, texts_of.values()))
    return Row(
        title="The right paragraph among a persona's",
        figures=figures,
        setup=f"{paragraphs} paragraphs, {len(asked)} questions, {PERSONAS} personas, filters on;"
        " hard: the quarter that shares the fewest words with its paragraph",
    )


async def _put(index: EdgeIndex, model: MiniLM, owner: Owner, texts: list[str]) -> None:
    await index.put_words(owner, 0, document_words(texts, "english"))
    await index.put_vectors(owner, 0, await model.embed(texts))


def _best_first(hits: Sequence[Hit], texts: Sequence[str], query: str) -> list[int]:
    """Return the numbers of the paragraphs, in the order in which a search gives them."""
    quotation = Quotation(query)
    lifted = {hit.number: quotation.lift(hit.score, texts[hit.number]) for hit in hits}
    return sorted(lifted, key=lifted.__getitem__, reverse=True)


def _figures(way: str, ranks: Sequence[tuple[float, int]], *, goals: bool) -> list[Measured]:
    hard = sorted(ranks)[: len(ranks) // 4]
    mean = sum(1 / rank for _, rank in ranks if rank) / len(ranks)
    return [
        Measured(f"{way}: R@1", _recall(ranks, 1), "", at_least=0.84 if goals else None),
        Measured(f"{way}: R@5", _recall(ranks, 5), "", at_least=0.96 if goals else None),
        Measured(f"{way}: MRR@10", mean, ""),
        Measured(f"{way}: hard R@5", _recall(hard, 5), "", at_least=0.89 if goals else None),
    ]


def _recall(ranks: Sequence[tuple[float, int]], k: int) -> float:
    return sum(0 < rank <= k for _, rank in ranks) / len(ranks)


def _shared(question: str, paragraph: str) -> float:
    asked = set(re.findall(r"\w+", question.lower()))
    return len(asked & set(re.findall(r"\w+", paragraph.lower()))) / len(asked)
