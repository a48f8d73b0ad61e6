"""Find replies that were sent before."""

from collections.abc import Sequence

from persona_contracts import LeadRepliedV1, Received
from service_kit.store import Store, is_away
from sqlalchemy.exc import SQLAlchemyError

from draft_svc.adapters import drafts
from draft_svc.domain.reply import require_same_words


async def find_repeats(
    store: Store, workspace_id: str, received: Sequence[Received[LeadRepliedV1]]
) -> set[str]:
    """Return the `message_id` of those that have a draft.

    While the database is away none is known to be a repeat: replies are taken in without it.

    Raises:
        MessageIdReusedError: the draft of one answers other words.
    """
    given = {item.event.message_id: item.event for item in received}
    try:
        async with store.workspace(workspace_id) as session:
            stored = await drafts.replies(session, given)
    except (SQLAlchemyError, OSError) as error:
        if not is_away(error):
            raise
        return set()
    for message_id, reply in stored.items():
        require_same_words(message_id, reply, given[message_id].model_dump(mode="json"))
    return set(stored)
