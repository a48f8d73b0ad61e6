"""The embedded index: qdrant-edge in the data folder, owned by one process."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import rmtree
from time import monotonic
from typing import TypeVar
from uuid import UUID

from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    Fusion,
    IdfParams,
    KeywordIndexParams,
    MatchAny,
    MatchValue,
    Modifier,
    Point,
    PointVectors,
    Prefetch,
    Query,
    QueryRequest,
    SearchParams,
    SparseVector,
    UpdateOperation,
)
from service_kit.settings import SettingsError
from structlog import get_logger

from ingest_svc.adapters.passage_index import (
    CONTENT,
    DENSE,
    OWNER,
    PREFETCH,
    TENANT,
    WORDS,
    checked_hits,
    payload_of,
)
from ingest_svc.domain.passage import Hit, Owner, Question, Scope, WordWeights

OPEN_SECONDS = 5.0
"""How long a process that is just ending may still hold the folder."""
ResultT = TypeVar("ResultT")

log = get_logger(__name__)


class EdgeIndex:
    """Implements `PassageIndex`; the library is synchronous, so every call runs in a thread."""

    def __init__(self, folder: Path, collection: str, dimension: int | None) -> None:
        """Take the folder of all collections; `dimension` None: no vectors."""
        self.collection = collection
        self._folder = folder
        self._dimension = dimension
        self._shard: EdgeShard | None = None
        self._opened = asyncio.Event()
        self._writing = asyncio.Lock()

    async def open(self) -> None:
        """Open the collection, or create it; remove those that are no longer in use."""
        given_up = monotonic() + OPEN_SECONDS
        while self._shard is None:
            try:
                self._shard = await asyncio.to_thread(self._open)
            except _TakenError:
                if monotonic() > given_up:
                    raise SettingsError(
                        f"Another process uses the passages in {self._folder}: only one ingest-svc"
                        " can. Set DRAMATIS_INGEST_QDRANT_URL to a Qdrant server to run several."
                    ) from None
                await asyncio.sleep(0.2)
        self._opened.set()

    async def put_words(self, owner: Owner, first: int, words: Sequence[WordWeights]) -> None:
        """Store chunks with their words."""
        points = [
            Point(
                id=str(owner.point_id(number)),
                vector={WORDS: SparseVector(indices=weights.indices, values=weights.values)},
                payload=dict(payload_of(owner, number)),
            )
            for number, weights in enumerate(words, start=first)
        ]
        await self._write(UpdateOperation.upsert_points(points))

    async def put_vectors(self, owner: Owner, first: int, vectors: Sequence[list[float]]) -> None:
        """Add vectors to stored chunks."""
        points = [
            PointVectors(id=str(owner.point_id(number)), vector={DENSE: vector})
            for number, vector in enumerate(vectors, start=first)
        ]
        await self._write(UpdateOperation.update_vectors(points))

    async def flush(self) -> None:
        """Return once everything is on disk."""
        async with self._writing:
            await self._call(EdgeShard.flush)

    async def search(self, scope: Scope, question: Question, limit: int) -> list[Hit]:
        """Return the best chunks of `scope`."""
        request = _request(scope, question, limit)
        points = await self._call(lambda shard: shard.query(request))
        return checked_hits(scope, ((point.payload, point.score) for point in points))

    async def remove(self, workspace_id: str, content_id: UUID) -> None:
        """Remove every point of a content."""
        await self._write(UpdateOperation.delete_points_by_filter(_of(workspace_id, content_id)))
        await self.flush()

    async def count(self, workspace_id: str, content_id: UUID) -> int:
        """Return how many points a content has."""
        request = CountRequest(exact=True, filter=_of(workspace_id, content_id))
        return await self._call(lambda shard: shard.count(request))

    async def close(self) -> None:
        """Flush and let go of the folder."""
        if self._shard is not None:
            shard, self._shard = self._shard, None
            self._opened.clear()
            await asyncio.to_thread(_close, shard)

    async def _write(self, operation: UpdateOperation) -> None:
        async with self._writing:
            await self._call(lambda shard: shard.update(operation))

    async def _call(self, do: Callable[[EdgeShard], ResultT]) -> ResultT:
        await self._opened.wait()
        shard = self._shard
        if shard is None:
            raise RuntimeError("the index is closed")
        return await asyncio.to_thread(do, shard)

    def _open(self) -> EdgeShard:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / self.collection
        if not path.exists():
            self._create(path)
        try:
            shard = EdgeShard.load(str(path))
        except Exception as error:
            if "WouldBlock" in str(error):
                raise _TakenError from error
            raise
        for other in self._folder.iterdir():
            if other != path:
                log.info("index.dropped", collection=other.name)
                rmtree(other, ignore_errors=True)
        return shard

    def _create(self, path: Path) -> None:
        """Create it under another name first: a process that is killed leaves no half of one."""
        unfinished = path.with_name(path.name + ".new")
        rmtree(unfinished, ignore_errors=True)
        dense = EdgeVectorParams(size=self._dimension or 1, distance=Distance.Cosine)
        shard = EdgeShard.create(
            str(unfinished),
            EdgeConfig(
                vectors={DENSE: dense},
                sparse_vectors={WORDS: EdgeSparseVectorParams(modifier=Modifier.Idf)},
            ),
        )
        for key in (TENANT, OWNER, CONTENT):
            index = KeywordIndexParams(is_tenant=key == OWNER)
            shard.update(UpdateOperation.create_field_index(key, index))
        _close(shard)
        unfinished.rename(path)


class _TakenError(Exception):
    """Another process has the folder open."""


def _close(shard: EdgeShard) -> None:
    shard.flush()
    shard.close()


def _of(workspace_id: str, content_id: UUID) -> Filter:
    return Filter(
        must=[
            FieldCondition(TENANT, MatchValue(workspace_id)),
            FieldCondition(CONTENT, MatchValue(str(content_id))),
        ]
    )


def _request(scope: Scope, question: Question, limit: int) -> QueryRequest:
    allowed = Filter(
        must=[
            FieldCondition(TENANT, MatchValue(scope.workspace_id)),
            FieldCondition(OWNER, MatchAny([str(item) for item in scope.persona_ids])),
        ],
        must_not=[FieldCondition(CONTENT, MatchAny([str(item) for item in question.without]))]
        if question.without
        else None,
    )
    words = SparseVector(indices=question.words.indices, values=question.words.values)
    prefetches = [
        Prefetch(
            limit=PREFETCH,
            query=Query.Nearest(words, using=WORDS),
            filter=allowed,
            params=SearchParams(idf=IdfParams(corpus=allowed)),
        )
    ]
    if question.vector is not None:
        dense = Query.Nearest(question.vector, using=DENSE)
        prefetches.append(Prefetch(limit=PREFETCH, query=dense, filter=allowed))
    return QueryRequest(
        limit=limit,
        query=Fusion.Dbsf(),  # pyright: ignore[reportArgumentType] — its stub leaves Fusion out
        with_payload=True,
        prefetches=prefetches,
    )
