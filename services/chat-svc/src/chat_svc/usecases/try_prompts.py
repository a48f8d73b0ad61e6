"""Answer one question with the active prompts and with drafts of them, side by side."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from time import monotonic
from uuid import UUID

from persona_client import Resolution, RosterNotReadyError
from persona_model.knowledge import KnowledgeAnswer
from persona_model.make_voice import make_voice
from service_kit.errors import ServiceError
from service_kit.ids import new_id
from service_kit.personas import PersonasNotReadyError
from service_kit.store import Store, database_now

from chat_svc.adapters import prompt_tests
from chat_svc.domain.prompt import ChatBrief, Written, compose_messages
from chat_svc.domain.prompt_test import (
    Answered,
    Content,
    Drafts,
    NotAnswered,
    PersonaInactiveError,
    PromptShown,
    PromptTest,
    Side,
    Words,
)
from chat_svc.usecases.follow_answer import PING_SECONDS, Ping
from chat_svc.usecases.ports import Knowledge, Personas, Writer

Seen = PromptShown | Words | Answered | NotAnswered | Ping


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What both sides are asked."""

    resolution: Resolution
    knowledge: KnowledgeAnswer
    briefs: dict[Side, ChatBrief]


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPrompts:
    """Tries prompts; of question and answers nothing is stored but what they took."""

    store: Store
    personas: Personas
    knowledge: Knowledge
    writer: Writer

    async def prepare(
        self, workspace_id: str, persona_id: UUID, question: str, drafts: Drafts
    ) -> Trial:
        """Return what is to be asked, with the passages for it.

        Raises:
            PersonaInactiveError: nobody speaks as this persona.
            PersonasNotReadyError: nothing is known of the personas yet.
        """
        try:
            resolution = self.personas.resolve_session(workspace_id, persona_id)
        except RosterNotReadyError as error:
            raise PersonasNotReadyError(str(error)) from error
        persona = resolution.persona
        if persona is None or persona.persona_id != persona_id:
            raise PersonaInactiveError(f"persona {persona_id} is inactive: activate it")
        found = await self.knowledge.search(workspace_id, resolution, question)
        active = ChatBrief(
            voice=make_voice(resolution, "chat"),
            question=question,
            passages=found.passages,
            knowledge=found.status,
        )
        present = Content(
            persona_id=persona_id,
            text=persona.content or "",
            is_inherited="content" in persona.inherited_from,
        )
        draft = replace(active, voice=drafts.spoken_in(active.voice, present))
        briefs: dict[Side, ChatBrief] = {"active": active, "draft": draft}
        return Trial(resolution=resolution, knowledge=found, briefs=briefs)

    async def run(self, workspace_id: str, trial: Trial) -> AsyncGenerator[Seen]:
        """Yield what is seen of both sides as it comes; whoever stops listening stops both."""
        seen: asyncio.Queue[Seen | None] = asyncio.Queue()
        writing = [
            asyncio.create_task(self._put(workspace_id, trial, side, seen)) for side in trial.briefs
        ]
        try:
            for _ in writing:
                while (each := await _next(seen)) is not None:
                    yield each
            await asyncio.gather(*writing)
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)

    async def _put(
        self, workspace_id: str, trial: Trial, side: Side, seen: asyncio.Queue[Seen | None]
    ) -> None:
        """Put what is seen of one side into a queue, None at its end, and keep what it took."""
        try:
            async for each in self._answer(side, trial.briefs[side]):
                seen.put_nowait(each)
                if isinstance(each, Answered):
                    await self._keep(workspace_id, trial.resolution, each)
        except ServiceError as error:
            seen.put_nowait(NotAnswered(side=side, title=error.title()))
        finally:
            seen.put_nowait(None)

    async def _answer(self, side: Side, brief: ChatBrief) -> AsyncGenerator[Seen]:
        started_at = monotonic()
        yield PromptShown(side=side, messages=compose_messages(brief))
        first_ms = None
        parts = self.writer.write(brief)
        try:
            async for part in parts:
                now_ms = round((monotonic() - started_at) * 1000)
                first_ms = now_ms if first_ms is None else first_ms
                if isinstance(part, Written):
                    yield Answered(
                        side=side,
                        model=part.model,
                        usage=part.usage,
                        first_token_ms=first_ms,
                        took_ms=now_ms,
                    )
                    return
                yield Words(side=side, text=part)
        finally:
            await parts.aclose()

    async def _keep(self, workspace_id: str, resolution: Resolution, answered: Answered) -> None:
        persona = resolution.persona
        if persona is None:
            return
        async with self.store.workspace(workspace_id) as session:
            kept = PromptTest(
                test_id=new_id(),
                workspace_id=workspace_id,
                persona_id=persona.persona_id,
                version=persona.version,
                side=answered.side,
                model=answered.model,
                usage=answered.usage,
                took_ms=answered.took_ms,
                created_at=await database_now(session),
            )
            await prompt_tests.add(session, kept)


async def _next(seen: asyncio.Queue[Seen | None]) -> Seen | None:
    try:
        async with asyncio.timeout(PING_SECONDS):
            return await seen.get()
    except TimeoutError:
        return Ping()
