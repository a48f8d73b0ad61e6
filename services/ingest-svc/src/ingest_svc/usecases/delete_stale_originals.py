"""Delete the originals of earlier versions of a document."""

from service_kit.errors import ServiceError
from service_kit.store import Session
from service_kit.work import Finish

from ingest_svc.adapters import documents
from ingest_svc.adapters.documents import DocumentClaim
from ingest_svc.usecases.ports import Originals


class DeleteStaleOriginals:
    """The work on a claimed document that is ready."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals

    async def do(self, claim: DocumentClaim) -> Finish:
        """Delete them; return how to store that.

        Raises:
            UpstreamError: the storage is away now (retried).
        """
        stale = claim.item.stale_keys
        for key in stale:
            await self._originals.delete(key)

        async def finish(session: Session) -> None:
            document = await documents.get(session, claim.item_id)
            await documents.save(session, document.without_stale(stale))

        return finish

    async def give_up(self, session: Session, claim: DocumentClaim, error: ServiceError) -> None:
        """Queue the deletion again: it goes on until it is done."""
        del error
        await documents.save_for_work(session, await documents.get(session, claim.item_id))
