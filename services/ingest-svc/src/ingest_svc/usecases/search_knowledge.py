"""Search what a persona knows: its own files and its ancestors', never anybody else's."""

import asyncio
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from persona_client import Roster
from service_kit.errors import ServiceError
from service_kit.personas import known_persona
from service_kit.store import Store
from structlog import get_logger

from ingest_svc.adapters import knowledge
from ingest_svc.adapters.passage_index import query_words
from ingest_svc.domain.passage import Found, Question, Scope
from ingest_svc.domain.quotation import quoted_first
from ingest_svc.usecases.ports import Embedder, PassageIndex

MEANING_SECONDS = 1.0
"""How long a question waits for its vector; then words alone answer it."""
CANDIDATES = 20
"""Passages among which quotations are looked for."""
LOOKS = 3
"""How often the index is asked: again only when what it found is not, or no longer, shown."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The passages, best first, and how they were found."""

    passages: list[Found]
    knowledge_revision: int
    mode: Literal["hybrid", "lexical"]
    knows_nothing: bool = False


class SearchKnowledge:
    """Answers questions to one persona's knowledge."""

    def __init__(
        self, store: Store, roster: Roster, index: PassageIndex, embedder: Embedder | None
    ) -> None:
        self._store = store
        self._roster = roster
        self._index = index
        self._embedder = embedder

    async def search(self, workspace_id: str, persona_id: UUID, text: str, limit: int) -> Answer:
        """Return up to `limit` passages.

        Raises:
            PersonaNotFoundError: this workspace has no such persona.
            PersonasNotReadyError: the personas are not known yet.
            IndexUnavailableError: the index does not answer.
        """
        persona = await known_persona(self._roster, workspace_id, persona_id)
        scope = Scope(workspace_id, (persona_id, *persona.lineage))
        async with self._store.workspace(workspace_id) as session:
            revision = await knowledge.revision(session, scope.persona_ids)
            searchable = await knowledge.searchable(session, scope.persona_ids)
        if not searchable.languages:
            return Answer(
                passages=[], knowledge_revision=revision, mode="lexical", knows_nothing=True
            )
        # Passages that have no vector yet would come after those that have one, whatever they say.
        vector = await self._vector(text) if searchable.has_all_vectors else None
        words = await asyncio.to_thread(query_words, text, searchable.languages)
        found = await self._find(scope, Question(words=words, vector=vector))
        return Answer(
            passages=quoted_first(found, text)[:limit],
            knowledge_revision=revision,
            mode="lexical" if vector is None else "hybrid",
        )

    async def _find(self, scope: Scope, question: Question) -> list[Found]:
        """Ask again, without what is not shown, when that has taken up places."""
        found: list[Found] = []
        for _ in range(LOOKS):
            hits = await self._index.search(scope, question, CANDIDATES)
            async with self._store.workspace(scope.workspace_id) as session:
                found = await knowledge.load(session, hits)
                if len(found) == len(hits):
                    break
                hidden = await knowledge.hidden(session, scope.persona_ids)
            question = replace(question, without=hidden)
        return found

    async def _vector(self, text: str) -> list[float] | None:
        if self._embedder is None:
            return None
        try:
            async with asyncio.timeout(MEANING_SECONDS):
                return (await self._embedder.embed([text]))[0]
        except (ServiceError, TimeoutError) as error:
            log.warning("search.without_meaning", reason=type(error).__name__)
            return None
