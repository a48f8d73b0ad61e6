"""The pools that claim documents and contents, and the sweep of the storage."""

import asyncio
from datetime import timedelta
from functools import partial
from shutil import rmtree
from typing import NoReturn

from service_kit.clock import utc_now
from service_kit.erasure import ErasureRow, erasing_pool
from service_kit.errors import UpstreamError
from service_kit.service import Service
from service_kit.store import Store
from service_kit.work import WorkPool
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from ingest_svc.adapters import documents
from ingest_svc.adapters.embedders import Embedder
from ingest_svc.adapters.originals import Originals
from ingest_svc.adapters.tables import CONTENT_LEASES, DOCUMENT_LEASES, ContentRow, DocumentRow
from ingest_svc.settings import IngestSettings
from ingest_svc.usecases.erase_lead import erase_lead
from ingest_svc.usecases.erase_persona import erase_persona
from ingest_svc.usecases.erase_workspace import erase_workspace
from ingest_svc.usecases.ingest_file import IngestFile
from ingest_svc.usecases.tend_content import TendContent
from ingest_svc.usecases.tools import Tools

SWEEP_SECONDS = 3_600.0
ORPHAN_SECONDS = 3_600.0
"""An original that no document names by then belongs to a process that was killed."""

log = get_logger(__name__)


def document_pool(
    service: Service, settings: IngestSettings, tools: Tools
) -> WorkPool[DocumentRow]:
    """Return the pool that reads files and forgets them."""
    return WorkPool(
        service.store,
        DOCUMENT_LEASES,
        IngestFile(service.store, service.roster, tools, utc_now),
        concurrency=settings.concurrency,
        retry_delays=settings.retry_delays_seconds,
    )


def content_pool(
    service: Service, settings: IngestSettings, tools: Tools, embedder: Embedder | None
) -> WorkPool[ContentRow]:
    """Return the pool that embeds contents, one at a time: a model uses every core."""
    return WorkPool(
        service.store,
        CONTENT_LEASES,
        TendContent(service.store, tools.index, embedder),
        concurrency=1,
        retry_delays=settings.embed_retry_delays_seconds,
    )


def erase_pool(service: Service, tools: Tools) -> WorkPool[ErasureRow]:
    """Return the pool that erases."""
    store = service.store
    return erasing_pool(
        store,
        persona=partial(erase_persona, store, tools),
        lead=partial(erase_lead, store),
        workspace=partial(erase_workspace, store, tools),
    )


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
