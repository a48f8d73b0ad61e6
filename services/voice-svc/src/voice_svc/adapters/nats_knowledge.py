"""Knowledge over NATS: questions to ingest-svc, and news of what personas know or are.

News are heard on core NATS, by every replica; durables are shared. What is published while the
connection is lost is not heard: `follow` says so.
"""

from typing import get_args
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from persona_contracts import (
    EventSubject,
    KnowledgeReadyV1,
    KnowledgeRemovedV1,
    KnowledgeSearchV1,
    Passage,
    PersonaDeletedV1,
    PersonaUpdatedV1,
)
from pydantic import ValidationError
from service_kit.knowledge import search_knowledge

from voice_svc.domain.answer import MAX_CITATIONS, MAX_QUERY_CHARS, PassageText
from voice_svc.domain.answer_cache import AnswerCache, Knower
from voice_svc.domain.knowledge import Knowledge

STATUS_SECONDS = 1.0
ANYTHING = "documents"
"""A question whose passages do not matter."""
News = KnowledgeReadyV1 | KnowledgeRemovedV1 | PersonaUpdatedV1 | PersonaDeletedV1
NEWS: tuple[type[News], ...] = get_args(News)
NEWS_SUBJECTS = tuple(f"{model.event_type}.v{model.event_version}.*" for model in NEWS)


class NatsKnowledge:
    """Searches what personas know; drops remembered answers when that changes."""

    def __init__(self, connection: Client, answers: AnswerCache) -> None:
        self._connection = connection
        self._answers = answers
        self._is_listening = False
        self._reconnects = 0

    async def follow(self) -> bool:
        """Return whether all news since the last call were heard; listen from now on."""
        if not self._connection.is_connected:
            return False
        if not self._is_listening:
            try:
                for subject in NEWS_SUBJECTS:
                    await self._connection.subscribe(subject, cb=self._on_news)  # pyright: ignore[reportUnknownMemberType]
            except NatsError:
                return False
            self._is_listening = True
        seen, self._reconnects = self._reconnects, self._connection.stats["reconnects"]
        return seen == self._reconnects

    async def search(self, knower: Knower, question: str, timeout_seconds: float) -> Knowledge:
        """Return the passages that answer.

        Raises:
            KnowledgeUnavailableError: not in time, or with an error.
        """
        found = await search_knowledge(
            self._connection,
            KnowledgeSearchV1(
                workspace_id=knower.workspace_id,
                persona_id=knower.persona_id,
                query=question[:MAX_QUERY_CHARS],
                limit=MAX_CITATIONS,
                at_least_revision=knower.revision,
            ),
            timeout_seconds,
        )
        return Knowledge(
            passages=tuple(map(_passage, found.passages)), revision=found.knowledge_revision or 0
        )

    async def knows_anything(self, workspace_id: str, persona_id: UUID) -> bool:
        """Return whether the persona, or an ancestor, has any passage.

        Raises:
            KnowledgeUnavailableError: not in time, or with an error.
        """
        question = KnowledgeSearchV1(
            workspace_id=workspace_id, persona_id=persona_id, query=ANYTHING, limit=1
        )
        found = await search_knowledge(self._connection, question, STATUS_SECONDS)
        return not found.knows_nothing

    async def _on_news(self, message: Msg) -> None:
        subject = EventSubject.parse(message.subject)
        model = next(item for item in NEWS if item.event_type == subject.event_type)
        try:
            event = model.model_validate_json(message.data)
        except ValidationError:
            self._answers.drop_all()
            return
        about = event.persona if isinstance(event, PersonaUpdatedV1) else event
        self._answers.drop(subject.workspace_id, about.persona_id)


def _passage(found: Passage) -> PassageText:
    return PassageText(
        text=found.text,
        source=found.source,
        page=found.page_start,
        section=found.section,
        file_id=found.file_id,
        chunk_id=found.chunk_id,
    )
