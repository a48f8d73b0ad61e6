"""Answer a conversation that somebody else keeps: nothing of it is stored."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from uuid import UUID

from persona_client import RosterNotReadyError
from persona_model.make_voice import make_voice
from service_kit.personas import PersonasNotReadyError

from chat_svc.domain.cited import cited_passages
from chat_svc.domain.message import CitedPassage
from chat_svc.domain.prompt import ChatBrief, Turn, Written
from chat_svc.usecases.ports import Knowledge, Personas, Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What an answer cost, and the passages that it names."""

    written: Written
    citations: tuple[CitedPassage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteChat:
    """Answers with a persona; `personas`, `knowledge` and `writer` as for kept conversations."""

    personas: Personas
    knowledge: Knowledge
    writer: Writer

    async def complete(
        self, workspace_id: str, persona_id: UUID, history: Sequence[Turn], question: str
    ) -> AsyncGenerator[str | Completed]:
        """Yield the words of the answer as they come, then what it cost; one model call.

        Raises:
            ModelRefusedError: the model will not answer.
            UpstreamError: it, or the personas, cannot answer now.
        """
        try:
            resolution = self.personas.resolve_session(workspace_id, persona_id)
        except RosterNotReadyError as error:
            raise PersonasNotReadyError(str(error)) from error
        found = await self.knowledge.search(workspace_id, resolution, question)
        brief = ChatBrief(
            voice=make_voice(resolution, "chat"),
            question=question,
            history=history,
            passages=found.passages,
            knowledge=found.status,
        )
        text = ""
        parts = self.writer.write(brief)
        try:
            async for part in parts:
                if isinstance(part, Written):
                    yield Completed(
                        written=part, citations=tuple(cited_passages(text, found.passages))
                    )
                    return
                text += part
                yield part
        finally:
            await parts.aclose()
