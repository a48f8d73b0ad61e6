"""The pools that claim documents and contents; the index and the storage beside them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, Generic, NoReturn

from service_kit.clock import utc_now
from service_kit.erasure import erasing_pool
from service_kit.errors import ServiceError
from service_kit.leases import Claim, ItemT
from service_kit.repeating import repeat
from service_kit.service import Background
from service_kit.store import Session, Store
from service_kit.work import Finish, Work, WorkPool
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from ingest_svc.adapters import collection, contents, documents
from ingest_svc.adapters.contents import ContentClaim
from ingest_svc.adapters.documents import DocumentClaim
from ingest_svc.adapters.metrics import watch_vectors
from ingest_svc.adapters.originals import Originals
from ingest_svc.deps import IngestDeps
from ingest_svc.domain.document import FileStatus
from ingest_svc.usecases.delete_stale_originals import DeleteStaleOriginals
from ingest_svc.usecases.embed_content import EmbedContent
from ingest_svc.usecases.erase_lead import erase_lead
from ingest_svc.usecases.erase_persona import erase_persona
from ingest_svc.usecases.erase_workspace import erase_workspace
from ingest_svc.usecases.forget_file import ForgetFile
from ingest_svc.usecases.ingest_file import IngestFile
from ingest_svc.usecases.purge_retired import PurgeRetired

DATABASE_RETRY_SECONDS = 0.3
SWEEP_SECONDS = 3_600.0
ORPHAN_SECONDS = 3_600.0
"""An original that no document names by then belongs to a process that was killed."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ByState(Generic[ItemT]):
    """The work that a claimed item needs, chosen when it is claimed."""

    choose: Callable[[Claim[ItemT]], Work[ItemT]]

    async def do(self, claim: Claim[ItemT]) -> Finish:
        """Do that work."""
        return await self.choose(claim).do(claim)

    async def give_up(self, session: Session, claim: Claim[ItemT], error: ServiceError) -> None:
        """Give that work up."""
        await self.choose(claim).give_up(session, claim, error)


def pools(deps: IngestDeps) -> list[WorkPool[Any]]:
    """Return the pools that read and forget files, embed contents, and erase."""
    store, index, embedder = deps.store, deps.index, deps.embedder
    ingest = IngestFile(store, deps.roster, deps.reading, index, has_embedder=embedder is not None)
    forget = ForgetFile(store, deps.originals, index)
    tidy = DeleteStaleOriginals(deps.originals)
    embed, purge = EmbedContent(store, index, embedder), PurgeRetired(store, index)

    def of_document(claim: DocumentClaim) -> IngestFile | ForgetFile | DeleteStaleOriginals:
        document = claim.item
        if document.deleted_at is not None:
            return forget
        return ingest if document.status is FileStatus.PROCESSING else tidy

    def of_content(claim: ContentClaim) -> EmbedContent | PurgeRetired:
        return purge if claim.item.retired else embed

    return [
        WorkPool(
            store,
            documents.LEASES,
            ByState(of_document),
            concurrency=deps.settings.concurrency + 1,  # one for whoever has none in work
            workspace_share=deps.settings.concurrency,
            retry_delays=deps.settings.retry_delays_seconds,
        ),
        WorkPool(
            store,
            contents.LEASES,
            ByState(of_content),
            concurrency=1,  # a model uses every core
            retry_delays=deps.settings.embed_retry_delays_seconds,
        ),
        erasing_pool(
            store,
            persona=partial(erase_persona, store, deps.originals, index),
            lead=partial(erase_lead, store),
            workspace=partial(erase_workspace, store, deps.originals, index),
        ),
    ]


def background(deps: IngestDeps) -> list[Background]:
    """Return what keeps the index and the storage, and watches what waits for vectors."""
    return [partial(keep_index, deps), partial(watch_vectors, deps.store)]


async def keep_index(deps: IngestDeps) -> None:
    """Open the index, sweep the storage, which only the process with the index may, and close it.

    Raises:
        SettingsError: the index cannot be opened as this process is set up.
    """
    await _use_collection(deps.store, deps.index.collection)
    try:
        await deps.index.open()
        await sweep(deps.store, deps.originals, deps.reading.work_dir)
    finally:
        await deps.index.close()


async def _use_collection(store: Store, name: str) -> None:
    """Wait for the database and its schema, then settle which collection is in use."""
    while True:
        try:
            async with store.worker() as session:
                await collection.use(session, name)
        except (SQLAlchemyError, OSError):
            await asyncio.sleep(DATABASE_RETRY_SECONDS)
        else:
            return


async def sweep(store: Store, originals: Originals, work_dir: Path) -> NoReturn:
    """Delete, at start and each hour, what killed processes left in the storage."""
    rmtree(work_dir, ignore_errors=True)
    remove = partial(remove_orphans, store, originals, ORPHAN_SECONDS)
    await repeat(remove, SWEEP_SECONDS, failed="sweep.failed")


async def remove_orphans(store: Store, originals: Originals, older_than_seconds: float) -> int:
    """Delete originals that no document names; return how many there were."""
    before = utc_now() - timedelta(seconds=older_than_seconds)
    old = [key async for key, modified in originals.keys("") if modified < before]
    async with store.worker() as session:
        used = await documents.keys_in_use(session)
    orphans = [key for key in old if key not in used]
    for key in orphans:
        await originals.delete(key)
    return len(orphans) + await originals.remove_leftovers(older_than_seconds)
