"""The index on a Qdrant server, shared by every replica."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

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
from ingest_svc.domain.passage import (
    Hit,
    IndexUnavailableError,
    Owner,
    Question,
    Scope,
    WordWeights,
)

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, models

TIMEOUT_SECONDS = 10
RETRY_SECONDS = 2.0


class QdrantIndex:
    """Implements `PassageIndex`; `qdrant_client` takes a second to import: `open` does it."""

    def __init__(
        self, url: str, api_key: str | None, collection: str, dimension: int | None
    ) -> None:
        """Take the server's address (`:memory:` is the client's own local mode, for tests)."""
        self.collection = collection
        self._url = url
        self._api_key = api_key
        self._dimension = dimension
        self._opened = asyncio.Event()
        self._client: AsyncQdrantClient
        self._models: Any

    async def open(self) -> None:
        """Connect, retrying without end; create the collection if it is missing."""
        qdrant_client = await asyncio.to_thread(__import__, "qdrant_client")
        self._models = qdrant_client.models
        where: dict[str, Any] = (
            {"location": self._url}
            if self._url == ":memory:"
            else {"url": self._url, "api_key": self._api_key, "timeout": TIMEOUT_SECONDS}
        )
        self._client = qdrant_client.AsyncQdrantClient(**where)
        while True:
            try:
                async with self._answers():
                    await self._create()
            except IndexUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                break
        self._opened.set()

    async def put_words(self, owner: Owner, first: int, words: Sequence[WordWeights]) -> None:
        """Store chunks with their words."""
        await self._opened.wait()
        points = [
            self._models.PointStruct(
                id=str(owner.point_id(number)),
                vector={
                    WORDS: self._models.SparseVector(indices=weights.indices, values=weights.values)
                },
                payload=payload_of(owner, number),
            )
            for number, weights in enumerate(words, start=first)
        ]
        async with self._answers():
            await self._client.upsert(self.collection, points, wait=True)

    async def put_vectors(self, owner: Owner, first: int, vectors: Sequence[list[float]]) -> None:
        """Add vectors to stored chunks."""
        await self._opened.wait()
        points = [
            self._models.PointVectors(id=str(owner.point_id(number)), vector={DENSE: vector})
            for number, vector in enumerate(vectors, start=first)
        ]
        async with self._answers():
            await self._client.update_vectors(self.collection, points, wait=True)

    async def flush(self) -> None:
        """Return at once: the server has on disk what it has acknowledged."""

    async def search(self, scope: Scope, question: Question, limit: int) -> list[Hit]:
        """Return the best chunks of `scope`."""
        await self._opened.wait()
        async with self._answers():
            found = await self._client.query_points(
                self.collection,
                prefetch=self._prefetches(scope, question),
                query=self._models.FusionQuery(fusion=self._models.Fusion.DBSF),
                limit=limit,
                with_payload=True,
            )
        return checked_hits(scope, ((point.payload, point.score) for point in found.points))

    async def remove(self, workspace_id: str, content_id: UUID) -> None:
        """Remove every point of a content."""
        await self._opened.wait()
        selector = self._models.FilterSelector(filter=self._of(workspace_id, content_id))
        async with self._answers():
            await self._client.delete(self.collection, selector, wait=True)

    async def count(self, workspace_id: str, content_id: UUID) -> int:
        """Return how many points a content has."""
        await self._opened.wait()
        async with self._answers():
            counted = await self._client.count(
                self.collection, count_filter=self._of(workspace_id, content_id), exact=True
            )
        return counted.count

    async def close(self) -> None:
        """Disconnect."""
        if self._opened.is_set():
            await self._client.close()

    async def _create(self) -> None:
        models = self._models
        if await self._client.collection_exists(self.collection):
            return
        await self._client.create_collection(
            self.collection,
            vectors_config={
                DENSE: models.VectorParams(
                    size=self._dimension or 1, distance=models.Distance.COSINE
                )
            },
            sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        if self._url == ":memory:":
            return
        for key in (TENANT, OWNER, CONTENT):
            index = models.KeywordIndexParams(
                type=models.KeywordIndexType.KEYWORD, is_tenant=key == OWNER
            )
            await self._client.create_payload_index(self.collection, key, index)

    def _of(self, workspace_id: str, content_id: UUID) -> "models.Filter":
        return self._models.Filter(
            must=[self._matches(TENANT, workspace_id), self._matches(CONTENT, str(content_id))]
        )

    def _matches(self, key: str, value: str) -> "models.FieldCondition":
        models = self._models
        return models.FieldCondition(key=key, match=models.MatchValue(value=value))

    def _any(self, key: str, values: Sequence[UUID]) -> "models.FieldCondition":
        models = self._models
        match = models.MatchAny(any=[str(value) for value in values])
        return models.FieldCondition(key=key, match=match)

    def _prefetches(self, scope: Scope, question: Question) -> "list[models.Prefetch]":
        models = self._models
        allowed = models.Filter(
            must=[self._matches(TENANT, scope.workspace_id), self._any(OWNER, scope.persona_ids)],
            must_not=[self._any(CONTENT, list(question.without))] if question.without else None,
        )
        words = models.SparseVector(indices=question.words.indices, values=question.words.values)
        prefetches = [
            models.Prefetch(
                query=words,
                using=WORDS,
                limit=PREFETCH,
                filter=allowed,
                params=models.SearchParams(idf=models.IdfCorpusParams(corpus=allowed)),
            )
        ]
        if question.vector is not None:
            prefetches.append(
                models.Prefetch(query=question.vector, using=DENSE, limit=PREFETCH, filter=allowed)
            )
        return prefetches

    @asynccontextmanager
    async def _answers(self) -> AsyncGenerator[None]:
        """Say what a failing server means: try again later."""
        from httpx import HTTPError  # noqa: PLC0415 — with the client, off the start-up path
        from qdrant_client.http.exceptions import ApiException  # noqa: PLC0415

        try:
            yield
        except (ApiException, HTTPError, OSError) as error:
            raise IndexUnavailableError(f"Qdrant: {type(error).__name__}") from error
