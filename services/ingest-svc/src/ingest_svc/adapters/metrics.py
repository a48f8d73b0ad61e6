"""What becomes of files, for whoever watches."""

from prometheus_client import Counter, Gauge, Histogram
from service_kit.repeating import repeat
from service_kit.store import Store
from sqlalchemy import func, select
from structlog import get_logger

from ingest_svc.adapters.tables import ContentRow
from ingest_svc.domain.content import VectorState

EVERY_SECONDS = 15

log = get_logger(__name__)
files_total = Counter("dramatis_files_total", "Files by what became of them.", ["outcome"])
files_ready, files_failed = files_total.labels("ready"), files_total.labels("failed")
steps_total = Counter("dramatis_file_steps_total", "Steps of reading that were begun.", ["step"])
ready_seconds = Histogram(
    "dramatis_file_ready_seconds",
    "From the first step of a file to its words in the index.",
    buckets=(0.1, 0.5, 1, 5, 20, 60, 300),
)
vectors_pending = Gauge(
    "dramatis_vectors_pending", "Passages without their vector yet, as seen every 15 s."
)


async def watch_vectors(store: Store) -> None:
    """Set the gauge every EVERY_SECONDS, until cancelled."""
    waiting = select(
        func.coalesce(func.sum(ContentRow.chunk_count - ContentRow.embedded_chunks), 0)
    ).where(ContentRow.due_at.is_not(None), ContentRow.vectors == VectorState.PENDING)

    async def look() -> None:
        async with store.worker() as session:
            vectors_pending.set(await session.scalar(waiting) or 0)

    await repeat(look, EVERY_SECONDS, failed="vectors.not_watched")
