"""Forget a document: its points, counted, then its original; a tombstone stays."""

from collections.abc import Callable
from datetime import datetime

from persona_contracts import KnowledgeRemovedV1
from service_kit.crash_points import crash_point
from service_kit.leases import Claim
from service_kit.outbox import publish
from service_kit.store import Session, Store
from service_kit.work import Finish

from ingest_svc.adapters import contents, knowledge
from ingest_svc.adapters.tables import DocumentRow
from ingest_svc.domain.document import Step
from ingest_svc.usecases.purge_content import purge_content
from ingest_svc.usecases.tools import Originals, Tools


async def forget_file(
    store: Store, tools: Tools, claim: Claim[DocumentRow], clock: Callable[[], datetime]
) -> Finish:
    """Return how to say that the document is gone, which it is then.

    Raises:
        UpstreamError: the index or the storage is away now (retried).
    """
    row = claim.row
    for content_id in {row.content_id, row.next_content_id}:
        if content_id is None:
            continue
        async with store.worker() as session:
            is_last = await contents.retire(session, content_id)
        if is_last:
            await purge_content(store, tools.index, row.workspace_id, content_id)
    crash_point("forget-after-vectors")
    for key in {row.original_key, *row.stale_keys}:
        if key is not None:
            await tools.originals.delete(key)
    crash_point("forget-after-original")

    async def finish(session: Session) -> None:
        gone = await session.get_one(DocumentRow, claim.row_id)
        gone.content_id = gone.next_content_id = gone.original_key = gone.url = None
        gone.stale_keys, gone.step = [], Step.DONE
        await session.flush()
        await knowledge.changed(session, gone.workspace_id, gone.persona_id)
        await publish(
            session,
            KnowledgeRemovedV1(
                workspace_id=gone.workspace_id,
                occurred_at=clock(),
                file_id=gone.file_id,
                persona_id=gone.persona_id,
            ),
        )

    return finish


async def delete_stale_originals(originals: Originals, claim: Claim[DocumentRow]) -> Finish:
    """Return how to note that the originals of earlier versions are deleted."""
    stale = claim.row.stale_keys
    for key in stale:
        await originals.delete(key)

    async def finish(session: Session) -> None:
        row = await session.get_one(DocumentRow, claim.row_id)
        row.stale_keys = [key for key in row.stale_keys if key not in stale]

    return finish
