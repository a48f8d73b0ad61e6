"""Ingest one document: fetch it, read it, index its words, show it."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from persona_client import Roster, RosterNotReadyError
from persona_contracts import (
    KnowledgeError,
    KnowledgeFailedV1,
    KnowledgeReadyV1,
)
from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.outbox import publish
from service_kit.store import Session, Store, after_commit, database_now
from service_kit.work import Finish
from structlog import get_logger

from ingest_svc.adapters import contents, documents, knowledge
from ingest_svc.adapters.documents import DocumentClaim
from ingest_svc.adapters.metrics import files_failed, files_ready, ready_seconds, steps_total
from ingest_svc.adapters.passage_index import document_words
from ingest_svc.domain.content import Content
from ingest_svc.domain.document import (
    Document,
    PersonaNotKnownYetError,
    Step,
    new_original_key,
)
from ingest_svc.domain.failure import FailureCode, FileFailedError
from ingest_svc.domain.passage import Chunk
from ingest_svc.usecases.ports import Extractor, Fetcher, Originals, PassageIndex
from ingest_svc.usecases.retire_content import retire_content

MAX_SECONDS = 300
"""For one version of a document, all attempts together (C83)."""
BATCH = 500
"""Chunks that are stored and indexed in one transaction."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What files are read with."""

    originals: Originals
    fetcher: Fetcher
    extractor: Extractor
    work_dir: Path
    """For copies of originals while they are read."""


class IngestFile:
    """The work on a claimed document that is to be processed."""

    def __init__(
        self,
        store: Store,
        roster: Roster,
        reading: Reading,
        index: PassageIndex,
        *,
        has_embedder: bool,
    ) -> None:
        self._store = store
        self._roster = roster
        self._reading = reading
        self._index = index
        self._has_embedder = has_embedder

    async def do(self, claim: DocumentClaim) -> Finish:
        """Return how to show the document's new content, whose words are in the index then.

        Raises:
            FileFailedError: it cannot become knowledge.
            UpstreamError: something is away now (retried).
        """
        document = claim.item
        async with self._store.worker() as session:
            now = await database_now(session)
        started_at = document.started_at or now
        try:
            async with asyncio.timeout(max(MAX_SECONDS - (now - started_at).total_seconds(), 0)):
                await self._step(claim, Step.FETCHING, started_at)
                content = await self._indexed(claim, document)
        except TimeoutError as error:
            raise FileFailedError(
                FailureCode.TIMEOUT, f"Processing exceeded {MAX_SECONDS} seconds."
            ) from error

        async def finish(session: Session) -> None:
            await _show(session, document.document_id, content.content_id)

        return finish

    async def give_up(self, session: Session, claim: DocumentClaim, error: ServiceError) -> None:
        """Mark the document failed, with the reason; an earlier version stays searchable."""
        document = await documents.get(session, claim.item_id)
        if document.deleted_at is not None:
            # It was deleted meanwhile: its removal is to be done.
            await documents.save_for_work(session, document)
            return
        failure, now = _failure(error), await database_now(session)
        failed = document.failed(failure, now)
        log.warning("file.failed", document_id=str(document.document_id), code=failure.code.value)
        await documents.save(session, failed)
        after_commit(session, files_failed.inc)
        if document.next_content_id is not None:
            await retire_content(session, document.next_content_id)
        await publish(
            session,
            KnowledgeFailedV1(
                workspace_id=document.workspace_id,
                occurred_at=now,
                file_id=document.file_id,
                persona_id=document.persona_id,
                error=KnowledgeError.model_validate(failed.error),
            ),
            causes=failed.causes,
        )

    async def _indexed(self, claim: DocumentClaim, document: Document) -> Content:
        """Return the content of a document, with its words in the index."""
        self._require_persona(document)
        document = await self._stored(claim, document)
        crash_point("ingest-after-fetch")
        content = await self._prepare(claim, document.sha256 or "")
        if content.collection is None:
            await self._step(claim, Step.EXTRACTING)
            self._reading.work_dir.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self._reading.work_dir) as folder:
                await self._read(claim, document, content, Path(folder))
        crash_point("ingest-after-index")
        return content

    def _require_persona(self, document: Document) -> None:
        try:
            known = self._roster.persona(document.workspace_id, document.persona_id)
        except RosterNotReadyError as error:
            raise PersonaNotKnownYetError(str(error)) from error
        if known is None:
            raise PersonaNotKnownYetError(f"persona {document.persona_id}")

    async def _stored(self, claim: DocumentClaim, document: Document) -> Document:
        """Return the document once its original is in our storage."""
        if document.original_key is not None and document.sha256 is not None:
            return document
        originals = self._reading.originals
        key = new_original_key(document.workspace_id, document.document_id)
        stored = await originals.put(key, self._original(document))
        if document.announced_sha256 not in {None, stored.sha256}:
            await originals.delete(key)
            raise FileFailedError(FailureCode.CHECKSUM_MISMATCH)
        return await self._keep(claim, lambda document: document.fetched(key, stored))

    def _original(self, document: Document) -> AsyncIterable[bytes]:
        if document.text is not None:
            return _written(document.text)
        if document.url is None:
            raise FileFailedError(FailureCode.INTERNAL, "The original is missing.")
        return self._reading.fetcher.fetch(document.url)

    async def _prepare(self, claim: DocumentClaim, sha256: str) -> Content:
        """Return the content of these bytes, which is what the document shows next."""
        prepared: list[Content] = []

        async def change(session: Session) -> None:
            await documents.LEASES.renew(session, claim)
            document = await documents.get(session, claim.item_id)
            content = await contents.lock_or_add(session, document, sha256)
            await documents.save(session, document.preparing(content.content_id))
            before = document.next_content_id
            if before is not None and before != content.content_id:
                await retire_content(session, before)
            prepared.append(content)

        await self._store.persist(change)
        return prepared[-1]

    async def _read(
        self, claim: DocumentClaim, document: Document, content: Content, folder: Path
    ) -> None:
        extractor, index = self._reading.extractor, self._index
        original, chunks_path = folder / "original", folder / "chunks"
        await self._reading.originals.download(document.original_key or "", original)
        found = await extractor.extract(original, document.file_name, chunks_path)
        crash_point("ingest-after-extract")
        await self._step(claim, Step.INDEXING)
        chunks = extractor.read_chunks(chunks_path)
        while batch := await asyncio.to_thread(lambda: list(islice(chunks, BATCH))):
            if not await self._put(content.content_id, batch, found.language):
                return
            crash_point("ingest-after-batch")
        await index.flush()

        async def change(session: Session) -> None:
            held = await contents.lock(session, content.content_id)
            if held.collection is not None:
                return
            indexed = held.indexed(index.collection, found, embed=self._has_embedder)
            if self._has_embedder:
                await contents.save_for_work(session, indexed)
            else:
                await contents.save(session, indexed)

        await self._store.persist(change)

    async def _put(self, content_id: UUID, batch: Sequence[Chunk], language: str) -> bool:
        """Store and index some chunks; False if somebody else has done it all meanwhile."""
        words = await asyncio.to_thread(document_words, [chunk.text for chunk in batch], language)
        async with self._store.worker() as session:
            held = await contents.lock(session, content_id)
            if held.collection is not None:
                return False
            await contents.add_chunks(session, held, batch)
            await self._index.put_words(held.owner, batch[0].number, words)
        return True

    async def _step(
        self, claim: DocumentClaim, step: Step, started_at: datetime | None = None
    ) -> None:
        """Store and log what is being done."""
        await self._keep(claim, lambda document: document.at_step(step, started_at=started_at))
        log.info("file.step", document_id=str(claim.item_id), step=step.value)
        steps_total.labels(step.value).inc()

    async def _keep(
        self, claim: DocumentClaim, transition: Callable[[Document], Document]
    ) -> Document:
        """Store a transition of the document while the lease is ours; return what came of it."""
        kept: list[Document] = []

        async def change(session: Session) -> None:
            await documents.LEASES.renew(session, claim)
            kept.append(transition(await documents.get(session, claim.item_id)))
            await documents.save(session, kept[-1])

        await self._store.persist(change)
        return kept[-1]


async def _written(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


async def _show(session: Session, document_id: UUID, content_id: UUID) -> None:
    """Let the new content replace the old one, in one moment."""
    document = await documents.get(session, document_id)
    content = await contents.lock(session, content_id)
    before, now = document.content_id, await database_now(session)
    ready = document.ready(content_id, now)
    if ready.stale_keys:
        await documents.save_for_work(session, ready)
    else:
        await documents.save(session, ready)
    await knowledge.changed(session, ready.workspace_id, ready.persona_id)
    if before is not None and before != content_id:
        await retire_content(session, before)
    took_ms = round((now - (document.started_at or now)).total_seconds() * 1000)
    log.info(
        "file.ready",
        document_id=str(document_id),
        kind=content.kind,
        pages=content.pages,
        chunks=content.chunk_count,
        took_ms=took_ms,
    )
    after_commit(session, lambda: _count_ready(took_ms))
    await publish(
        session,
        KnowledgeReadyV1(
            workspace_id=ready.workspace_id,
            occurred_at=now,
            file_id=ready.file_id,
            persona_id=ready.persona_id,
            chunks=content.chunk_count or 0,
            pages=content.pages,
            took_ms=took_ms,
        ),
        causes=ready.causes,
    )


def _count_ready(took_ms: int) -> None:
    files_ready.inc()
    ready_seconds.observe(took_ms / 1000)


def _failure(error: ServiceError) -> FileFailedError:
    match error:
        case FileFailedError():
            return error
        case PersonaNotKnownYetError():
            return FileFailedError(FailureCode.PERSONA_UNKNOWN)
        case _ if error.slug == "fetch-unavailable":
            return FileFailedError(FailureCode.FETCH_FAILED, error.title())
        case _:
            return FileFailedError(FailureCode.INTERNAL, error.title())
