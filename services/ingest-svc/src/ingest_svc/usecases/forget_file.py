"""Forget a deleted document: its points, counted, then its original; a tombstone stays."""

from persona_contracts import KnowledgeRemovedV1
from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.outbox import publish
from service_kit.store import Session, Store, database_now
from service_kit.work import Finish

from ingest_svc.adapters import documents, knowledge
from ingest_svc.adapters.documents import DocumentClaim
from ingest_svc.usecases.ports import Originals, PassageIndex
from ingest_svc.usecases.purge_content import purge_content
from ingest_svc.usecases.retire_content import retire_content


class ForgetFile:
    """The work on a claimed document that is deleted."""

    def __init__(self, store: Store, originals: Originals, index: PassageIndex) -> None:
        self._store = store
        self._originals = originals
        self._index = index

    async def do(self, claim: DocumentClaim) -> Finish:
        """Remove what was made of the document; return how to store that it is gone.

        Raises:
            UpstreamError: the index or the storage is away now (retried).
        """
        document = claim.item
        for content_id in document.content_ids():
            async with self._store.worker() as session:
                is_last = await retire_content(session, content_id)
            if is_last:
                await purge_content(self._store, self._index, document.workspace_id, content_id)
        crash_point("forget-after-vectors")
        for key in document.original_keys():
            await self._originals.delete(key)
        crash_point("forget-after-original")

        async def finish(session: Session) -> None:
            gone = (await documents.get(session, document.document_id)).tombstone()
            await documents.save(session, gone)
            await knowledge.changed(session, gone.workspace_id, gone.persona_id)
            await publish(
                session,
                KnowledgeRemovedV1(
                    workspace_id=gone.workspace_id,
                    occurred_at=await database_now(session),
                    file_id=gone.file_id,
                    persona_id=gone.persona_id,
                ),
                causes=gone.causes,
            )

        return finish

    async def give_up(self, session: Session, claim: DocumentClaim, error: ServiceError) -> None:
        """Queue the removal again: it goes on until it is done."""
        del error
        await documents.save_for_work(session, await documents.get(session, claim.item_id))
