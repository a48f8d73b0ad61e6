"""Erase what a persona knows."""

from uuid import UUID

from service_kit.crash_points import crash_point
from service_kit.erasure import Erasure, erase_traces
from service_kit.store import Store

from ingest_svc.adapters.belongings import Belongings, delete_counters
from ingest_svc.usecases.erase_documents import erase_documents
from ingest_svc.usecases.ports import Originals, PassageIndex


async def erase_persona(
    store: Store, originals: Originals, index: PassageIndex, erasure: Erasure
) -> None:
    """Erase the persona's documents, and that it knew anything.

    Raises:
        UpstreamError: the index or the storage is away now.
    """
    belongings = Belongings(erasure.workspace_id, UUID(erasure.subject_id))
    await erase_documents(store, originals, index, belongings)
    async with store.worker() as session:
        await delete_counters(session, belongings)
        await erase_traces(session, erasure.workspace_id, [erasure.subject_id])
        crash_point("erase-before-commit")
    crash_point("erase-after-commit")
