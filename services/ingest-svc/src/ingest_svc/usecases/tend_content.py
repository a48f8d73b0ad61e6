"""See one content through: its words in the present collection, its vectors; or its end."""

import asyncio

from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.leases import Claim
from service_kit.store import Session, Store
from service_kit.work import Finish
from structlog import get_logger

from ingest_svc.adapters import contents
from ingest_svc.adapters.embedders import Embedder
from ingest_svc.adapters.passage_index import PassageIndex, document_words
from ingest_svc.adapters.tables import CONTENT_LEASES, ContentRow
from ingest_svc.domain.document import VectorState
from ingest_svc.domain.failure import FailureCode, FileFailedError
from ingest_svc.usecases.purge_content import purge_content

WORDS_BATCH = 500
TURN_BATCHES = 20
"""Batches of vectors before another content has its turn."""

log = get_logger(__name__)


class TendContent:
    """The work on one claimed content; it implements `service_kit.work.Work`."""

    def __init__(self, store: Store, index: PassageIndex, embedder: Embedder | None) -> None:
        self._store = store
        self._index = index
        self._embedder = embedder

    async def do(self, claim: Claim[ContentRow]) -> Finish:
        """Return how to store what became of the content.

        Raises:
            UpstreamError: the embedder or the index is away now (retried, from the last batch).
            ServiceError: the embedder will not do it.
        """
        row = claim.row
        if row.retired:
            await purge_content(self._store, self._index, row.workspace_id, row.content_id)
            return _nothing
        embedded = row.embedded_chunks
        if row.collection != self._index.collection:
            await self._move(claim)
            embedded = 0
        if self._embedder is None:
            return _nothing
        for _ in range(TURN_BATCHES):
            count = await self._embed(claim, self._embedder, embedded)
            embedded += count
            if count == 0:
                break
            crash_point("embed-after-batch")

        async def finish(session: Session) -> None:
            held = await contents.hold(session, row.content_id)
            if embedded < (held.chunk_count or 0):
                await contents.queue(session, held)
            else:
                held.vectors = VectorState.COMPLETE

        return finish

    async def give_up(
        self, session: Session, claim: Claim[ContentRow], error: ServiceError
    ) -> None:
        """Say why there are no vectors; the words stay searchable."""
        row = await session.get_one(ContentRow, claim.row_id)
        if row.retired:
            await contents.queue(session, row)
            return
        log.warning("vectors.failed", content_id=str(row.content_id), reason=error.slug)
        row.vectors = VectorState.FAILED
        row.vectors_error = FileFailedError(
            FailureCode.EMBEDDING_FAILED, str(error) or error.title()
        ).as_dict()

    async def _move(self, claim: Claim[ContentRow]) -> None:
        """Put the words into the present collection, from the stored chunks."""
        row, first = claim.row, 0
        while True:
            async with self._store.worker() as session:
                held = await contents.hold(session, row.content_id)
                texts = await contents.texts(session, row.content_id, first, WORDS_BATCH)
                words = await asyncio.to_thread(document_words, texts, held.language or "english")
                if texts:
                    await self._index.put_words(contents.owner_of(held), first, words)
            first += len(texts)
            if not texts:
                break
        await self._index.flush()

        async def change(session: Session) -> None:
            await CONTENT_LEASES.renew(session, claim)
            held = await contents.hold(session, row.content_id)
            held.collection, held.embedded_chunks = self._index.collection, 0
            held.vectors = VectorState.OFF if self._embedder is None else VectorState.PENDING
            held.vectors_error = None

        await self._store.persist(change)

    async def _embed(self, claim: Claim[ContentRow], embedder: Embedder, first: int) -> int:
        """Embed the next batch, and note it; return how many chunks that were."""
        async with self._store.worker() as session:
            texts = await contents.texts(session, claim.row_id, first, embedder.batch_size)
        if not texts:
            return 0
        vectors = await embedder.embed(texts)

        async def change(session: Session) -> None:
            # The row's lock keeps a purge from overtaking the vectors that are put here.
            await CONTENT_LEASES.renew(session, claim)
            held = await contents.hold(session, claim.row_id)
            await self._index.put_vectors(contents.owner_of(held), first, vectors)
            await self._index.flush()
            held.embedded_chunks = first + len(texts)
            held.attempts = 0

        await self._store.persist(change)
        return len(texts)


async def _nothing(_: Session) -> None:
    """Leave everything as it is."""
