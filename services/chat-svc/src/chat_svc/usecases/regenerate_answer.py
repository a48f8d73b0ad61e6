"""Ask for another answer to the same message."""

from service_kit.store import Session, database_now

from chat_svc.adapters import conversations, messages
from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message, NotAnAnswerError
from chat_svc.domain.queued_answer import queued_answer


async def regenerate_answer(
    session: Session, conversation: Conversation, answer: Message
) -> Message:
    """Queue another answer at the end of a locked conversation; the one there is stays.

    Raises:
        NotAnAnswerError: it is none, or has not ended.
    """
    if answer.answers is None or answer.status.is_open:
        raise NotAnAnswerError("Only a persona's answer that has ended is written again.")
    grown = conversation.take_places(1, at=await database_now(session))
    question = await messages.get(session, conversation.conversation_id, answer.answers)
    another = queued_answer(grown, question, seq=grown.seq)
    await conversations.save(session, grown)
    await messages.add(session, another)
    await messages.make_head_due(session, conversation.conversation_id)
    return another
