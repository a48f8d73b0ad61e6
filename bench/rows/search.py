"""Row 8: searching passages of one persona among many, embedded, by word and by meaning."""

import asyncio
import random
import tempfile
from pathlib import Path
from time import perf_counter
from uuid import UUID, uuid4

from ingest_svc.adapters.edge_index import EdgeIndex
from ingest_svc.adapters.passage_index import document_words, query_words
from ingest_svc.domain.passage import Owner, Question, Scope
from ingest_svc.usecases.search_knowledge import CANDIDATES
from measured import TIMES, Measured, Row
from qdrant_client import QdrantClient, models
from timing import percentile

DIMENSION = 384
SIZES = (1_000, 10_000, 100_000)
PERSONAS = 20
BATCH = 1_000
WORDS = [f"word{number}" for number in range(20_000)]
PEER_SIZE = 10_000


def measure(*, quick: bool) -> Row:
    """Ask the same questions at each size; the peer is the same client's local mode."""
    chance = random.Random(1)  # noqa: S311 — made-up texts
    sizes = SIZES[:2] if quick else SIZES
    figures: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(_ours(Path(folder), sizes, 50 if quick else 300, chance))
    for size in sizes:
        figures += [
            Measured(f"{size:,} chunks: p50", percentile(took[size], 50), "ms"),
            Measured(f"{size:,} chunks: p99", percentile(took[size], 99), "ms"),
        ]
    peer = _peer(PEER_SIZE, 20, chance)
    ratio = percentile(peer, 50) / percentile(took[PEER_SIZE], 50)
    figures += [
        Measured(
            f"qdrant-client's local mode, {PEER_SIZE:,} chunks: p50", percentile(peer, 50), "ms"
        ),
        Measured("as fast as that", ratio, TIMES),
    ]
    return Row(
        title="Search of one persona's passages, hybrid, filtered, without the question's vector",
        figures=figures,
        setup=f"{PERSONAS} personas; chunks of 120 words and {DIMENSION} numbers, made up",
    )


def _text(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def _vector(chance: random.Random) -> list[float]:
    return [chance.gauss(0, 1) for _ in range(DIMENSION)]


async def _ours(
    folder: Path, sizes: tuple[int, ...], questions: int, chance: random.Random
) -> dict[int, list[float]]:
    index = EdgeIndex(folder, "bench", DIMENSION)
    await index.open()
    owners = [
        Owner(workspace_id="bench", persona_id=uuid4(), content_id=uuid4()) for _ in range(PERSONAS)
    ]
    stored, took = 0, dict[int, list[float]]()
    for size in sizes:
        while stored < size:
            owner = owners[stored // 50 % PERSONAS]
            texts = [_text(chance, 120) for _ in range(50)]
            await index.put_words(owner, stored, document_words(texts, "english"))
            await index.put_vectors(owner, stored, [_vector(chance) for _ in texts])
            stored += 50
        await index.flush()
        took[size] = [await _ask(index, owners, chance) for _ in range(questions)]
    await index.close()
    return took


async def _ask(index: EdgeIndex, owners: list[Owner], chance: random.Random) -> float:
    scope = Scope("bench", (chance.choice(owners).persona_id,))
    text, vector = _text(chance, 12), _vector(chance)
    start = perf_counter()
    words = query_words(text, ["english"])
    await index.search(scope, Question(words=words, vector=vector), CANDIDATES)
    return (perf_counter() - start) * 1_000


def _peer(size: int, questions: int, chance: random.Random) -> list[float]:
    """What `qdrant-client` does without a server, with one vector and the same filter."""
    client = QdrantClient(":memory:")
    client.create_collection(
        "bench", models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)
    )
    personas = [str(UUID(int=number)) for number in range(PERSONAS)]
    for first in range(0, size, BATCH):
        client.upsert(
            "bench",
            [
                models.PointStruct(
                    id=number,
                    vector=_vector(chance),
                    payload={"persona_id": personas[number // 50 % PERSONAS]},
                )
                for number in range(first, first + BATCH)
            ],
        )
    took: list[float] = []
    for _ in range(questions):
        only = models.FieldCondition(
            key="persona_id", match=models.MatchValue(value=chance.choice(personas))
        )
        start = perf_counter()
        client.query_points(
            "bench", query=_vector(chance), query_filter=models.Filter(must=[only]), limit=8
        )
        took.append((perf_counter() - start) * 1_000)
    return took
