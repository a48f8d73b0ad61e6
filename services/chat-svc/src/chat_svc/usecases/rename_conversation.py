"""Give a conversation another title."""

from service_kit.store import Session, database_now

from chat_svc.adapters import conversations
from chat_svc.domain.conversation import Conversation


async def rename_conversation(
    session: Session, conversation: Conversation, title: str
) -> Conversation:
    """Rename a locked conversation."""
    renamed = conversation.rename(title, at=await database_now(session))
    await conversations.save(session, renamed)
    return renamed
