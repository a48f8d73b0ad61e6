"""What `python -m ingest_svc` does besides serving."""

import asyncio
import sys

from ingest_svc.adapters import collection
from ingest_svc.deps import IngestDeps


def reembed(deps: IngestDeps) -> None:
    """Have all passages moved to the collection of the embedder that is set now."""
    count = asyncio.run(_move(deps))
    sys.stdout.write(
        f"{count} contents will be moved to the collection {deps.index.collection} by ingest-svc.\n"
    )


async def _move(deps: IngestDeps) -> int:
    try:
        async with deps.store.worker() as session:
            return await collection.move(session, deps.index.collection)
    finally:
        await deps.store.close()
