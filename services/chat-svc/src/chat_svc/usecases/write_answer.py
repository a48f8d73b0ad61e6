"""Write one answer: who speaks, what they know, the model's words as they come."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from persona_client import Resolution, RosterNotReadyError
from persona_contracts import ChatMessageCompletedV1, Usage
from persona_model.knowledge import KnowledgeAnswer
from persona_model.make_voice import make_voice
from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError
from service_kit.leases import Claim
from service_kit.outbox import publish
from service_kit.personas import PersonasNotReadyError
from service_kit.store import Session, database_now
from service_kit.work import Finish

from chat_svc.adapters import conversations, messages
from chat_svc.domain.cited import cited_passages
from chat_svc.domain.gap import Unanswered, is_unanswered, question_of
from chat_svc.domain.message import (
    ConversationGoneError,
    Ending,
    Failure,
    Message,
    MessageStatus,
)
from chat_svc.domain.prompt import MAX_TURNS, ChatBrief, Turn, Written
from chat_svc.usecases.end_answer import end_answer
from chat_svc.usecases.growing_answer import GrowingAnswer
from chat_svc.usecases.note_unanswered import note_unanswered
from chat_svc.usecases.ports import Deltas, Knowledge, Personas, Writer

SAVE_SECONDS = 1.0
MAX_HISTORY_ROWS = 3 * MAX_TURNS
"""Twenty turns of two messages, and switches between them."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be answered, and what was said before."""

    question: str
    history: Sequence[Message]


class WriteAnswer:
    """The work on one claimed answer; it implements `service_kit.work.Work`."""

    def __init__(
        self, personas: Personas, knowledge: Knowledge, writer: Writer, deltas: Deltas
    ) -> None:
        self._personas = personas
        self._knowledge = knowledge
        self._writer = writer
        self._deltas = deltas

    async def do(self, claim: Claim[Message]) -> Finish:
        """Return how to store the finished answer.

        Raises:
            ConversationGoneError: nobody waits for it any more.
            ModelRefusedError: the model will not answer.
            UpstreamError: it, or the personas, cannot answer now.
        """
        started_at, message = monotonic(), claim.item
        if message.stop_asked:
            return self._stopped(message)
        resolution = self._resolve(message)
        run = claim.attempts + claim.deaths
        asked = await _begin(claim, resolution, run)
        crash_point("chat-after-begin")
        knowledge = await self._knowledge.search(message.workspace_id, resolution, asked.question)
        brief = _brief(asked, resolution, knowledge)
        answer = GrowingAnswer(self._deltas, message.workspace_id, message.message_id, run)
        async with _beside(answer.tell()):
            written = await self._write(claim, brief, answer)
        await answer.flush()
        crash_point("chat-after-answer")
        if written is None:
            return self._stopped(message, answer.text)
        ending = Ending(
            citations=cited_passages(answer.text, knowledge.passages),
            knowledge=knowledge.status,
            model=written.model,
            usage=written.usage,
        )
        took_ms = round((monotonic() - started_at) * 1000)
        return self._completed(message, asked.question, answer.text, ending, took_ms)

    async def give_up(self, session: Session, claim: Claim[Message], error: ServiceError) -> None:
        """Mark the answer failed, with the words that came; what waits behind it goes on."""
        stored = await messages.find(session, claim.item_id)
        if stored is not None:
            failed = stored.fail(Failure.of(error), at=await database_now(session))
            await end_answer(session, failed, self._deltas)

    def _stopped(self, message: Message, text: str | None = None) -> Finish:
        async def finish(session: Session) -> None:
            stored = await messages.find(session, message.message_id)
            if stored is not None:
                grown = stored if text is None else stored.grow(text)
                stopped = grown.stop(at=await database_now(session))
                await end_answer(session, stopped, self._deltas)

        return finish

    def _completed(
        self, message: Message, question: str, text: str, ending: Ending, took_ms: int
    ) -> Finish:
        async def finish(session: Session) -> None:
            stored = await messages.find(session, message.message_id)
            if stored is None:
                return
            now = await database_now(session)
            whole = stored.complete(text, ending, at=now)
            user_id = await end_answer(session, whole, self._deltas)
            if user_id is not None:
                await _note_gap(session, whole, question, ending)
                event = _completed(stored, ending, user_id, at=now, took_ms=took_ms)
                await publish(session, event)

        return finish

    def _resolve(self, message: Message) -> Resolution:
        try:
            return self._personas.resolve_session(message.workspace_id, message.persona_id)
        except RosterNotReadyError as error:
            raise PersonasNotReadyError(str(error)) from error

    async def _write(
        self, claim: Claim[Message], brief: ChatBrief, answer: GrowingAnswer
    ) -> Written | None:
        """Return what the model cost; None: somebody stopped it."""
        saving = asyncio.create_task(_save(claim, answer))
        writing = asyncio.create_task(self._ask(brief, answer))
        try:
            await asyncio.wait({saving, writing}, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done():
                saving.result()
                return None
            return writing.result()
        except ServiceError:
            if writing.done():
                await _keep(claim, answer.text)
            raise
        finally:
            for task in (saving, writing):
                task.cancel()
            await asyncio.gather(saving, writing, return_exceptions=True)

    async def _ask(self, brief: ChatBrief, answer: GrowingAnswer) -> Written | None:
        parts = self._writer.write(brief)
        try:
            async for part in parts:
                if isinstance(part, Written):
                    return part
                answer.add(part)
        finally:
            await parts.aclose()
        return None


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _begin(claim: Claim[Message], resolution: Resolution, run: int) -> _Asked:
    """Pin who speaks, and read what was said before.

    Raises:
        ConversationGoneError: it is deleted.
    """
    asked: _Asked | None = None

    async def change(session: Session) -> None:
        nonlocal asked
        stored = await messages.find(session, claim.item_id)
        if stored is None or not await conversations.is_there(session, stored.conversation_id):
            return
        await messages.save(session, stored.begin(_pinned(resolution), run=run))
        question = await messages.question_of(session, stored)
        earlier = await messages.before(
            session, stored.conversation_id, question.seq, MAX_HISTORY_ROWS
        )
        asked = _Asked(question.content, _history(earlier))

    await claim.keep(change)
    if asked is None:
        raise ConversationGoneError("the conversation is deleted")
    return asked


def _history(earlier: Sequence[Message]) -> list[Message]:
    """Return what counts of what came before: whole messages, and of two answers the last."""
    ended = (MessageStatus.COMPLETED, MessageStatus.STOPPED)
    last = {each.answers: each.message_id for each in earlier if each.answers}
    return [
        each
        for each in earlier
        if each.kind == "text"
        and each.status in ended
        and (each.answers is None or last[each.answers] == each.message_id)
    ]


def _pinned(resolution: Resolution) -> dict[str, Any]:
    return {**resolution.as_dict(), "persona_name": resolution.sender_name}


def _brief(asked: _Asked, resolution: Resolution, knowledge: KnowledgeAnswer) -> ChatBrief:
    return ChatBrief(
        voice=make_voice(resolution, "chat"),
        question=asked.question,
        history=[_turn(each, resolution) for each in asked.history],
        passages=knowledge.passages,
        knowledge=knowledge.status,
    )


def _turn(message: Message, resolution: Resolution) -> Turn:
    by = message.resolution or {}
    is_other = message.role == "assistant" and by.get("persona_id") != _text(resolution.persona_id)
    speaker = (by.get("persona_name") or "nobody in particular") if is_other else None
    return Turn(is_answer=message.role == "assistant", text=message.content, speaker=speaker)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


async def _save(claim: Claim[Message], answer: GrowingAnswer) -> None:
    """Store the words each second; return when somebody asks to stop."""
    stop_asked = False
    while not stop_asked:
        await asyncio.sleep(SAVE_SECONDS)
        stop_asked = await _keep(claim, answer.text)


async def _keep(claim: Claim[Message], text: str) -> bool:
    """Store the words so far; return whether somebody asks to stop."""
    stop_asked = False

    async def change(session: Session) -> None:
        nonlocal stop_asked
        stored = await messages.find(session, claim.item_id)
        stop_asked = stored is None or stored.stop_asked
        if stored is not None:
            await messages.save(session, stored.grow(text))

    await claim.keep(change)
    return stop_asked


async def _note_gap(session: Session, answer: Message, question: str, ending: Ending) -> None:
    """Note that no passage answers the question, if a persona was asked and none does."""
    by = answer.resolution or {}
    persona_id, asked = by.get("persona_id"), question_of(question)
    cites = bool(ending.citations)
    if persona_id is None or not is_unanswered(asked, ending.knowledge, cites=cites):
        return
    unanswered = Unanswered(
        workspace_id=answer.workspace_id,
        persona_id=UUID(persona_id),
        revision=by.get("revision", 0),
        question=asked,
        origin="chat",
        source_id=str(answer.message_id),
        owner_id=str(answer.conversation_id),
        asked_at=answer.created_at,
    )
    await note_unanswered(session, unanswered)


def _completed(
    stored: Message, ending: Ending, user_id: str, *, at: datetime, took_ms: int
) -> ChatMessageCompletedV1:
    by, usage = stored.resolution or {}, ending.usage
    return ChatMessageCompletedV1(
        workspace_id=stored.workspace_id,
        occurred_at=at,
        conversation_id=stored.conversation_id,
        message_id=stored.message_id,
        persona_id=by.get("persona_id"),
        version=by.get("version"),
        revision=by.get("revision", 0),
        user_id=user_id,
        model=ending.model,
        usage=Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_microusd=usage.cost_microusd,
        ),
        took_ms=took_ms,
        knowledge=ending.knowledge,
    )
