"""Take a message into a conversation, with the answer that is to be written."""

from dataclasses import dataclass
from uuid import UUID

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from chat_svc.adapters import conversations, messages
from chat_svc.domain.conversation import Conversation, title_of
from chat_svc.domain.message import Message, MessageStatus
from chat_svc.domain.queued_answer import queued_answer
from chat_svc.usecases.switch_persona import switch_persona


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """What somebody says, to which persona; the same `client_key` is the same message."""

    text: str
    persona_id: UUID | None
    client_key: str | None = None


async def accept_message(
    session: Session, conversation: Conversation, sent: SentMessage
) -> Message:
    """Store the message and its queued answer in a locked conversation; return the answer.

    A message that is there already is not stored again: its answer is returned. One to another
    persona than the conversation's switches it first.
    """
    if sent.client_key is not None:
        known = await messages.find_by_key(session, conversation.conversation_id, sent.client_key)
        if known is not None:
            return known
    now = await database_now(session)
    if sent.persona_id != conversation.persona_id:
        conversation = await switch_persona(session, conversation, sent.persona_id)
    grown = conversation.take_places(2, at=now)
    if not grown.title:
        grown = grown.rename(title_of(sent.text), at=now)
    question = Message(
        message_id=new_id(),
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.conversation_id,
        seq=grown.seq - 1,
        role="user",
        status=MessageStatus.COMPLETED,
        content=sent.text,
        persona_id=sent.persona_id,
        client_key=sent.client_key,
        created_at=now,
        finished_at=now,
    )
    answer = queued_answer(grown, question, seq=grown.seq)
    await conversations.save(session, grown)
    for message in (question, answer):
        await messages.add(session, message)
    await messages.make_head_due(session, conversation.conversation_id)
    return answer
