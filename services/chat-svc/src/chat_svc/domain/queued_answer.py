"""An answer that nobody has begun to write."""

from service_kit.ids import new_id

from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message, MessageStatus


def queued_answer(conversation: Conversation, question: Message, *, seq: int) -> Message:
    """Return an answer that is to be written, by whoever speaks in the conversation now."""
    return Message(
        message_id=new_id(),
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.conversation_id,
        seq=seq,
        role="assistant",
        status=MessageStatus.QUEUED,
        persona_id=conversation.persona_id,
        answers=question.message_id,
        created_at=conversation.updated_at,
    )
