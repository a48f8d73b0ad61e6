"""Embed a content: its vectors follow its words, batch by batch."""

from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.store import Session, Store
from service_kit.work import Finish
from structlog import get_logger

from ingest_svc.adapters import contents
from ingest_svc.adapters.contents import ContentClaim
from ingest_svc.domain.content import Content
from ingest_svc.domain.failure import FailureCode, FileFailedError
from ingest_svc.usecases.move_content import move_content
from ingest_svc.usecases.ports import Embedder, PassageIndex

TURN_BATCHES = 20
"""Batches of vectors before another content has its turn."""

log = get_logger(__name__)


class EmbedContent:
    """The work on a claimed content that documents have."""

    def __init__(self, store: Store, index: PassageIndex, embedder: Embedder | None) -> None:
        self._store = store
        self._index = index
        self._embedder = embedder

    async def do(self, claim: ContentClaim) -> Finish:
        """Move the words if they are elsewhere, embed; return how to store how far that came.

        Raises:
            UpstreamError: the embedder or the index is away now (retried, from the last batch).
            ServiceError: the embedder will not do it.
        """
        content, embedder = claim.item, self._embedder
        if content.collection != self._index.collection:
            content = await move_content(
                self._store, self._index, claim, has_embedder=embedder is not None
            )
        if embedder is None:
            return _nothing
        for _ in range(TURN_BATCHES):
            before = content.embedded_chunks
            content = await self._embed(claim, embedder, content)
            if content.embedded_chunks == before:
                break
            crash_point("embed-after-batch")

        async def finish(session: Session) -> None:
            held = await contents.lock(session, content.content_id)
            if held.is_embedded:
                await contents.save(session, held.complete())
            else:
                await contents.save_for_work(session, held)

        return finish

    async def give_up(self, session: Session, claim: ContentClaim, error: ServiceError) -> None:
        """Say why there are no vectors; the words stay searchable."""
        content = await contents.find_locked(session, claim.item_id)
        if content is None:
            return
        if content.retired:
            # It was retired meanwhile: it is to be purged.
            await contents.save_for_work(session, content)
            return
        log.warning("vectors.failed", content_id=str(content.content_id), reason=error.slug)
        failure = FileFailedError(FailureCode.EMBEDDING_FAILED, str(error) or error.title())
        await contents.save(session, content.failed(failure))

    async def _embed(self, claim: ContentClaim, embedder: Embedder, content: Content) -> Content:
        """Embed the next batch, and note it; return the content, with as many vectors if none."""
        first = content.embedded_chunks
        async with self._store.worker() as session:
            texts = await contents.texts(session, content.content_id, first, embedder.batch_size)
        if not texts:
            return content
        vectors = await embedder.embed(texts)
        kept: list[Content] = []

        async def change(session: Session) -> None:
            # The row's lock keeps a purge from overtaking the vectors that are put here.
            await contents.LEASES.renew(session, claim)
            held = await contents.lock(session, content.content_id)
            await self._index.put_vectors(held.owner, first, vectors)
            await self._index.flush()
            kept.append(held.embedded(first + len(texts)))
            await contents.save_progress(session, kept[-1])

        await self._store.persist(change)
        return kept[-1]


async def _nothing(_: Session) -> None:
    """Leave everything as it is."""
