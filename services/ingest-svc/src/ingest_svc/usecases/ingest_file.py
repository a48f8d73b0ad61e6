"""See one document through: fetch, extract, index its words, show it; or forget it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from persona_client import Roster, RosterNotReadyError
from persona_contracts import (
    KnowledgeError,
    KnowledgeFailedV1,
    KnowledgeReadyV1,
)
from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError, UpstreamError
from service_kit.leases import Claim
from service_kit.outbox import publish
from service_kit.store import Session, Store
from service_kit.work import Finish
from structlog import get_logger

from ingest_svc.adapters import contents, documents, knowledge
from ingest_svc.adapters.passage_index import document_words
from ingest_svc.adapters.tables import DOCUMENT_LEASES, ContentRow, DocumentRow
from ingest_svc.domain.document import FileStatus, Step
from ingest_svc.domain.failure import FailureCode, FileFailedError
from ingest_svc.domain.passage import Chunk
from ingest_svc.usecases.forget_file import delete_stale_originals, forget_file
from ingest_svc.usecases.tools import Tools

MAX_SECONDS = 300
"""For one version of a document, all tries together (C83)."""
BATCH = 500
"""Chunks that are stored and indexed in one transaction."""

log = get_logger(__name__)


class PersonaNotKnownYetError(UpstreamError):
    """The persona of the file is not known, or not yet."""

    slug = "persona-not-known-yet"


class IngestFile:
    """The work on one claimed document; it implements `service_kit.work.Work`."""

    def __init__(
        self, store: Store, roster: Roster, tools: Tools, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._roster = roster
        self._tools = tools
        self._clock = clock

    async def do(self, claim: Claim[DocumentRow]) -> Finish:
        """Return how to store what became of the document.

        Raises:
            FileFailedError: it cannot become knowledge.
            UpstreamError: something is away now (retried).
        """
        if claim.row.deleted_at is not None:
            return await forget_file(self._store, self._tools, claim, self._clock)
        if claim.row.status != FileStatus.PROCESSING:
            return await delete_stale_originals(self._tools.originals, claim)
        started_at = claim.row.started_at or self._clock()
        left = MAX_SECONDS - (self._clock() - started_at).total_seconds()
        try:
            async with asyncio.timeout(max(left, 0)):
                await self._step(claim, Step.FETCHING, started_at=started_at)
                content = await self._index(claim)
        except TimeoutError as error:
            raise FileFailedError(
                FailureCode.TIMEOUT, f"Processing exceeded {MAX_SECONDS} seconds."
            ) from error
        took_ms = round((self._clock() - started_at).total_seconds() * 1000)

        async def finish(session: Session) -> None:
            await self._show(session, claim.row_id, content.content_id, took_ms)

        return finish

    async def give_up(
        self, session: Session, claim: Claim[DocumentRow], error: ServiceError
    ) -> None:
        """Mark the document failed, with the reason; an earlier version stays searchable."""
        row = await session.get_one(DocumentRow, claim.row_id)
        if row.deleted_at is not None:
            # Its removal goes on until it is done.
            await documents.forget(session, row, row.deleted_at)
            return
        failure = _failure(error)
        log.warning("file.failed", document_id=str(row.document_id), code=failure.code.value)
        row.status, row.step, row.finished_at = FileStatus.FAILED, Step.DONE, self._clock()
        row.error = said = failure.as_dict()
        unfinished, row.next_content_id = row.next_content_id, None
        await session.flush()
        if unfinished is not None:
            await contents.retire(session, unfinished)
        await publish(
            session,
            KnowledgeFailedV1(
                workspace_id=row.workspace_id,
                occurred_at=self._clock(),
                file_id=row.file_id,
                persona_id=row.persona_id,
                error=KnowledgeError.model_validate(said),
            ),
        )

    async def _index(self, claim: Claim[DocumentRow]) -> ContentRow:
        """Return the content, with its words in the index."""
        await self._require_persona(claim.row)
        sha256 = await self._stored(claim)
        crash_point("ingest-after-fetch")
        content = await self._prepare(claim, sha256)
        if content.collection is None:
            await self._step(claim, Step.EXTRACTING)
            self._tools.work_dir.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self._tools.work_dir) as folder:
                await self._read(claim, content, Path(folder))
        crash_point("ingest-after-index")
        return content

    async def _require_persona(self, row: DocumentRow) -> None:
        try:
            known = self._roster.persona(row.workspace_id, row.persona_id)
        except RosterNotReadyError as error:
            raise PersonaNotKnownYetError(str(error)) from error
        if known is None:
            raise PersonaNotKnownYetError(f"persona {row.persona_id}")

    async def _stored(self, claim: Claim[DocumentRow]) -> str:
        """Return the SHA-256 of the original, which is in our storage then."""
        row = claim.row
        if row.original_key is not None and row.sha256 is not None:
            return row.sha256
        if row.url is None:
            raise FileFailedError(FailureCode.INTERNAL, "The original is missing.")
        key = original_key(row.workspace_id, row.document_id)
        stored = await self._tools.originals.put(key, self._tools.fetcher.fetch(row.url))
        if row.announced_sha256 not in {None, stored.sha256}:
            await self._tools.originals.delete(key)
            raise FileFailedError(FailureCode.CHECKSUM_MISMATCH)
        await self._note(
            claim,
            original_key=key,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
        )
        row.original_key = key
        return stored.sha256

    async def _prepare(self, claim: Claim[DocumentRow], sha256: str) -> ContentRow:
        prepared: list[ContentRow] = []

        async def change(session: Session) -> None:
            await DOCUMENT_LEASES.renew(session, claim)
            row = await session.get_one(DocumentRow, claim.row_id)
            prepared.append(await contents.of_document(session, row, sha256))

        await self._store.persist(change)
        return prepared[-1]

    async def _read(self, claim: Claim[DocumentRow], content: ContentRow, folder: Path) -> None:
        row, tools = claim.row, self._tools
        original, chunks_path = folder / "original", folder / "chunks"
        await tools.originals.download(row.original_key or "", original)
        found = await tools.extractor.extract(original, row.file_name, chunks_path)
        crash_point("ingest-after-extract")
        await self._step(claim, Step.INDEXING)
        chunks = tools.extractor.read_chunks(chunks_path)
        while batch := await asyncio.to_thread(lambda: list(islice(chunks, BATCH))):
            if not await self._put(content, batch, found.language):
                return
            crash_point("ingest-after-batch")
        await tools.index.flush()

        async def change(session: Session) -> None:
            await contents.mark_indexed(
                session,
                content.content_id,
                tools.index.collection,
                found,
                embed=tools.has_embedder,
            )

        await self._store.persist(change)

    async def _put(self, content: ContentRow, batch: Sequence[Chunk], language: str) -> bool:
        """Store and index some chunks; False if somebody else has done it all meanwhile."""
        words = await asyncio.to_thread(document_words, [chunk.text for chunk in batch], language)
        async with self._store.worker() as session:
            held = await contents.hold(session, content.content_id)
            if held.collection is not None:
                return False
            await contents.add_chunks(session, held, batch)
            await self._tools.index.put_words(contents.owner_of(held), batch[0].number, words)
        return True

    async def _show(
        self, session: Session, document_id: UUID, content_id: UUID, took_ms: int
    ) -> None:
        """Let the new content replace the old one, in one moment."""
        row = await session.get_one(DocumentRow, document_id)
        content = await contents.hold(session, content_id)
        before, row.content_id = row.content_id, content_id
        row.next_content_id = None
        row.status, row.step, row.finished_at = FileStatus.READY, Step.DONE, self._clock()
        row.error = None
        await session.flush()
        await knowledge.changed(session, row.workspace_id, row.persona_id)
        if before is not None and before != content_id:
            await contents.retire(session, before)
        if row.stale_keys:
            await documents.tidy_later(session, row)
        log.info(
            "file.ready",
            document_id=str(document_id),
            kind=content.kind,
            pages=content.pages,
            chunks=content.chunk_count,
            took_ms=took_ms,
        )
        await publish(
            session,
            KnowledgeReadyV1(
                workspace_id=row.workspace_id,
                occurred_at=self._clock(),
                file_id=row.file_id,
                persona_id=row.persona_id,
                chunks=content.chunk_count or 0,
                pages=content.pages,
                took_ms=took_ms,
            ),
        )

    async def _step(self, claim: Claim[DocumentRow], step: Step, **values: object) -> None:
        """Note and log the step that is done now."""
        await self._note(claim, step=step, **values)
        log.info("file.step", document_id=str(claim.row_id), step=step.value)

    async def _note(self, claim: Claim[DocumentRow], **values: object) -> None:
        """Store what is known of the document, while the lease is ours."""

        async def change(session: Session) -> None:
            await DOCUMENT_LEASES.renew(session, claim)
            await documents.note(session, claim.row_id, **values)

        await self._store.persist(change)


def original_key(workspace_id: str, document_id: UUID) -> str:
    """Return a new key for an original of a document."""
    return f"{workspace_id}/{document_id}/{uuid4().hex}"


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
