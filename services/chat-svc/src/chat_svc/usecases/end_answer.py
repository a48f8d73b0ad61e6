"""End an answer: it is stored, its readers are told, and the next is written."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from service_kit.store import Session, after_commit

from chat_svc.adapters import conversations, messages
from chat_svc.domain.delta import Delta
from chat_svc.domain.message import Message
from chat_svc.usecases.ports import Deltas

_telling: set[asyncio.Task[None]] = set()


async def end_answer(session: Session, message: Message, deltas: Deltas) -> str | None:
    """Store an answer that has ended; return whose it is, None if its conversation is deleted."""
    conversation = await conversations.lock_by_id(session, message.conversation_id)
    await messages.save(session, message)
    delta = Delta(run=message.run, start=len(message.content), text="", ended=True)

    def tell() -> None:
        sending = deltas.send(message.workspace_id, message.message_id, delta)
        task = asyncio.get_running_loop().create_task(_run(sending))
        _telling.add(task)
        task.add_done_callback(_telling.discard)

    after_commit(session, tell)
    if conversation is None:
        return None
    await messages.make_head_due(session, message.conversation_id)
    return conversation.user_id


async def _run(sending: Coroutine[Any, Any, None]) -> None:
    await sending
