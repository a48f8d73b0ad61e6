"""Let another persona answer."""

from uuid import UUID

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from chat_svc.adapters import conversations, messages
from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message, MessageStatus


async def switch_persona(
    session: Session, conversation: Conversation, persona_id: UUID | None
) -> Conversation:
    """Let a persona answer what is said from now on; a message says so at its place."""
    now = await database_now(session)
    switched = conversation.switch(persona_id, at=now)
    await conversations.save(session, switched)
    await messages.add(
        session,
        Message(
            message_id=new_id(),
            workspace_id=conversation.workspace_id,
            conversation_id=conversation.conversation_id,
            seq=switched.seq,
            role="system",
            kind="persona_switch",
            status=MessageStatus.COMPLETED,
            persona_id=persona_id,
            created_at=now,
            finished_at=now,
        ),
    )
    return switched
