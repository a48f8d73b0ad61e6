"""Ask for an answer again that has failed."""

from service_kit.store import Session

from chat_svc.adapters import messages
from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message


async def resend_message(session: Session, conversation: Conversation, message: Message) -> Message:
    """Queue the failed answer again, in its place, in a locked conversation.

    Raises:
        MessageNotFailedError: it has not failed.
    """
    again = message.send_again()
    await messages.save(session, again)
    await messages.make_head_due(session, conversation.conversation_id)
    return again
