"""Stop an answer; what came stays."""

from service_kit.store import Session, database_now

from chat_svc.adapters import messages
from chat_svc.domain.message import Message
from chat_svc.usecases.end_answer import end_answer
from chat_svc.usecases.ports import Deltas


async def stop_answer(session: Session, answer: Message, deltas: Deltas) -> Message:
    """End a locked answer that nobody writes; whoever writes one is asked to end it.

    Raises:
        MessageNotOpenError: it has ended.
    """
    asked = answer.ask_to_stop()
    if await messages.is_held(session, answer.message_id):
        await messages.save(session, asked)
        return asked
    stopped = asked.stop(at=await database_now(session))
    await messages.rest(session, answer.message_id)
    await end_answer(session, stopped, deltas)
    return stopped
