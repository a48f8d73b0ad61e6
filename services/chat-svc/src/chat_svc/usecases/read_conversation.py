"""Let an admin read a user's conversation: the trail keeps who did, and why."""

from collections.abc import Sequence
from uuid import UUID

from service_kit.audit import AuditEntry, add_all
from service_kit.identity import Principal
from service_kit.ids import new_id
from service_kit.store import Session, database_now

from chat_svc.adapters import conversations, messages
from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message


async def read_conversation(
    session: Session, admin: Principal, conversation_id: UUID, reason: str, limit: int
) -> tuple[Conversation, Sequence[Message]]:
    """Return a conversation of anybody with its newest `limit` messages, oldest first.

    Raises:
        ConversationNotFoundError: there is none with that id.
    """
    conversation = await conversations.get_of_workspace(session, conversation_id)
    found = await messages.before(session, conversation_id, None, limit)
    entry = AuditEntry(
        audit_id=new_id(),
        workspace_id=admin.workspace_id,
        at=await database_now(session),
        actor=admin.subject,
        role=admin.role,
        action="user_conversation.read",
        entity="conversation",
        entity_id=str(conversation_id),
        summary=reason,
    )
    await add_all(session, [entry])
    return conversation, found
