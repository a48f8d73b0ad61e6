"""Delete a conversation."""

from service_kit.store import Session, database_now

from chat_svc.adapters import conversations
from chat_svc.domain.conversation import Conversation


async def delete_conversation(session: Session, conversation: Conversation) -> None:
    """Hide a locked conversation; what is still to be answered in it is not."""
    await conversations.delete(session, conversation, at=await database_now(session))
