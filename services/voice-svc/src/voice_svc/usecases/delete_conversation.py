"""Delete the vendor's copy of a call that was erased here: leased work."""

from service_kit.errors import ServiceError
from service_kit.leases import Claim
from service_kit.store import Session
from service_kit.work import Finish
from structlog import get_logger

from voice_svc.adapters import conversation_removals
from voice_svc.usecases.ports import Conversations

log = get_logger(__name__)


class DeleteConversation:
    """Deletes one, however long the vendor is away."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    async def do(self, claim: Claim[str]) -> Finish:
        """Delete it at the vendor's, and return how to forget that it was to be done.

        Raises:
            ServiceError: as the port `Conversations` says.
        """
        await self._conversations.delete(claim.item)

        async def finish(session: Session) -> None:
            await conversation_removals.finish(session, claim.item_id)

        return finish

    async def give_up(self, session: Session, claim: Claim[str], error: ServiceError) -> None:
        """Try again in a while."""
        log.error("conversation.not_deleted", removal_id=str(claim.item_id), reason=error.slug)
        await conversation_removals.try_later(session, claim.item_id)
