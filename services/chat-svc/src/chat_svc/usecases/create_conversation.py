"""Begin a conversation."""

from uuid import UUID

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from chat_svc.adapters import conversations
from chat_svc.domain.conversation import Conversation


async def create_conversation(
    session: Session,
    workspace_id: str,
    user_id: str,
    persona_id: UUID | None,
    *,
    client_id: str | None = None,
    title: str = "",
) -> Conversation:
    """Store a conversation without messages; one with the same `client_id` is returned instead."""
    now = await database_now(session)
    new = Conversation(
        conversation_id=new_id(),
        workspace_id=workspace_id,
        user_id=user_id,
        client_id=client_id,
        persona_id=persona_id,
        title=title,
        created_at=now,
        updated_at=now,
    )
    return await conversations.add(session, new)
