"""The pools that claim documents and contents; the index and the storage beside them."""

import asyncio
from datetime import timedelta
from functools import partial
from shutil import rmtree
from typing import Any, NoReturn

from service_kit.clock import utc_now
from service_kit.erasure import erasing_pool
from service_kit.errors import UpstreamError
from service_kit.service import Background
from service_kit.store import Store
from service_kit.work import WorkPool
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from ingest_svc.adapters import collection, documents
from ingest_svc.adapters.originals import Originals
from ingest_svc.adapters.tables import CONTENT_LEASES, DOCUMENT_LEASES
from ingest_svc.deps import IngestDeps
from ingest_svc.usecases.erase_lead import erase_lead
from ingest_svc.usecases.erase_persona import erase_persona
from ingest_svc.usecases.erase_workspace import erase_workspace
from ingest_svc.usecases.ingest_file import IngestFile
from ingest_svc.usecases.tend_content import TendContent
from ingest_svc.usecases.tools import Tools

DATABASE_RETRY_SECONDS = 0.3
SWEEP_SECONDS = 3_600.0
ORPHAN_SECONDS = 3_600.0
"""An original that no document names by then belongs to a process that was killed."""

log = get_logger(__name__)


def pools(deps: IngestDeps) -> list[WorkPool[Any]]:
    """Return the pools that read and forget files, embed contents, and erase."""
    settings = deps.settings
    return [
        WorkPool(
            deps.store,
            DOCUMENT_LEASES,
            IngestFile(deps.store, deps.roster, deps.tools, utc_now),
            concurrency=settings.concurrency,
            retry_delays=settings.retry_delays_seconds,
        ),
        WorkPool(
            deps.store,
            CONTENT_LEASES,
            TendContent(deps.store, deps.index, deps.embedder),
            concurrency=1,  # a model uses every core
            retry_delays=settings.embed_retry_delays_seconds,
        ),
        erasing_pool(
            deps.store,
            persona=partial(erase_persona, deps.store, deps.tools),
            lead=partial(erase_lead, deps.store),
            workspace=partial(erase_workspace, deps.store, deps.tools),
        ),
    ]


def background(deps: IngestDeps) -> list[Background]:
    """Return what keeps the index and the storage."""
    return [partial(keep_index, deps)]


async def keep_index(deps: IngestDeps) -> None:
    """Open the index, sweep the storage, which only the process with the index may, and close it.

    Raises:
        SettingsError: the index cannot be opened as this process is set up.
    """
    await _use_collection(deps.store, deps.index.collection)
    try:
        await deps.index.open()
        await sweep(deps.store, deps.originals, deps.tools)
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


async def sweep(store: Store, originals: Originals, tools: Tools) -> NoReturn:
    """Delete, at start and each hour, what killed processes left in the storage."""
    rmtree(tools.work_dir, ignore_errors=True)
    while True:
        try:
            await remove_orphans(store, originals, ORPHAN_SECONDS)
        except (UpstreamError, SQLAlchemyError, OSError) as error:
            log.warning("sweep.failed", reason=type(error).__name__)
        await asyncio.sleep(SWEEP_SECONDS)


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
