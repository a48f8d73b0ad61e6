"""Purge a content that was retired, as leased work."""

from service_kit.errors import ServiceError
from service_kit.store import Session, Store
from service_kit.work import Finish

from ingest_svc.adapters import contents
from ingest_svc.adapters.contents import ContentClaim
from ingest_svc.usecases.ports import PassageIndex
from ingest_svc.usecases.purge_content import purge_content


class PurgeRetired:
    """The work on a claimed content that no document has."""

    def __init__(self, store: Store, index: PassageIndex) -> None:
        self._store = store
        self._index = index

    async def do(self, claim: ContentClaim) -> Finish:
        """Purge it; nothing is left to be stored then.

        Raises:
            UpstreamError: the index is away now (retried).
        """
        content = claim.item
        await purge_content(self._store, self._index, content.workspace_id, content.content_id)
        return _nothing

    async def give_up(self, session: Session, claim: ContentClaim, error: ServiceError) -> None:
        """Queue it again: the purge goes on until it is done."""
        del error
        content = await contents.find_locked(session, claim.item_id)
        if content is not None:
            await contents.save_for_work(session, content)


async def _nothing(_: Session) -> None:
    """Leave everything as it is."""
