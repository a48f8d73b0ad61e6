"""Say something else at an earlier place: in another conversation."""

from dataclasses import replace

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from chat_svc.adapters import conversations, messages
from chat_svc.domain.conversation import Conversation
from chat_svc.domain.message import Message, NotAQuestionError
from chat_svc.usecases.accept_message import SentMessage, accept_message

MAX_COPIED = 1_000


async def branch_conversation(
    session: Session, conversation: Conversation, message: Message, text: str
) -> tuple[Conversation, Message]:
    """Return a new conversation with all that was said before `message`, and the new answer.

    Raises:
        NotAQuestionError: the message is not a person's.
    """
    if message.role != "user":
        raise NotAQuestionError("Only what a person said can be said otherwise.")
    earlier = await messages.before(session, conversation.conversation_id, message.seq, MAX_COPIED)
    kept = [each for each in earlier if not each.status.is_open]
    now = await database_now(session)
    branch = replace(
        conversation,
        conversation_id=new_id(),
        client_id=None,
        branch_of=conversation.conversation_id,
        seq=len(kept),
        message_count=len(kept),
        revision=1,
        created_at=now,
        updated_at=now,
    )
    branch = await conversations.add(session, branch)
    new_ids = {each.message_id: new_id() for each in kept}
    for seq, each in enumerate(kept, start=1):
        copied = replace(
            each,
            message_id=new_ids[each.message_id],
            conversation_id=branch.conversation_id,
            seq=seq,
            client_key=None,
            answers=new_ids.get(each.answers) if each.answers else None,
        )
        await messages.add(session, copied)
    sent = SentMessage(text=text, persona_id=conversation.persona_id)
    answer = await accept_message(session, branch, sent)
    return branch, answer
