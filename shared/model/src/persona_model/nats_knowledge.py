"""Asks ingest-svc for passages: `rpc.knowledge.search.v1` over core NATS (events.md §3).

A persona that knows nothing at all is not asked about again until `knowledge.ready` of its
workspace is heard, its document changes, the connection is lost, or REMEMBERED_SECONDS are over.
"""

from time import monotonic
from typing import NamedTuple
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from persona_client import Resolution
from persona_contracts import EventSubject, KnowledgeReadyV1, KnowledgeSearchV1, Passage
from service_kit.knowledge import KnowledgeUnavailableError, search_knowledge
from structlog import get_logger

from persona_model.knowledge import KnowledgeAnswer, PassageText

MAX_QUERY_CHARS = 2_000
REMEMBERED_SECONDS = 60.0
MAX_REMEMBERED = 100_000
NEWS = f"{KnowledgeReadyV1.event_type}.v{KnowledgeReadyV1.event_version}.*"

log = get_logger(__name__)


class _Known(NamedTuple):
    """When it was found that a persona knows nothing: another one of these, and it may."""

    revision: int
    reconnects: int


class NatsKnowledge:
    """Knowledge over request/reply; it never raises, but answers `unavailable`."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._is_listening = False
        self._heard = 0
        self._unknowing: dict[str, dict[UUID, tuple[_Known, float]]] = {}

    async def search(
        self, workspace_id: str, resolution: Resolution, query: str
    ) -> KnowledgeAnswer:
        """Return what the persona that speaks knows about `query`; without a persona, `none`."""
        persona_id = resolution.persona_id
        if persona_id is None:
            return KnowledgeAnswer("none")
        known = _Known(resolution.revision, self._connection.stats["reconnects"])
        if self._knows_nothing(workspace_id, persona_id, known):
            return KnowledgeAnswer("none")
        question = KnowledgeSearchV1(
            workspace_id=workspace_id,
            persona_id=persona_id,
            query=query[:MAX_QUERY_CHARS],
            at_least_revision=resolution.revision,
        )
        try:
            await self._listen()
            heard = self._heard
            found = await search_knowledge(self._connection, question)
        except (NatsError, KnowledgeUnavailableError) as error:
            log.info("knowledge.unavailable", reason=str(error))
            return KnowledgeAnswer("unavailable")
        # What was heard meanwhile may be younger than the answer.
        if found.knows_nothing and heard == self._heard:
            self._remember(workspace_id, persona_id, known)
        passages = tuple(map(_passage, found.passages))
        return KnowledgeAnswer("used" if passages else "none", passages)

    async def _listen(self) -> None:
        """Hear of passages that come, from before the first question on."""
        if not self._is_listening:
            self._is_listening = True
            await self._connection.subscribe(NEWS, cb=self._on_news)  # pyright: ignore[reportUnknownMemberType]

    async def _on_news(self, message: Msg) -> None:
        self._heard += 1
        self._unknowing.pop(EventSubject.parse(message.subject).workspace_id, None)

    def _knows_nothing(self, workspace_id: str, persona_id: UUID, known: _Known) -> bool:
        found = self._unknowing.get(workspace_id, {}).get(persona_id)
        return (
            found is not None
            and found[0] == known
            and found[1] > monotonic()
            and self._connection.is_connected
        )

    def _remember(self, workspace_id: str, persona_id: UUID, known: _Known) -> None:
        if len(self._unknowing) >= MAX_REMEMBERED:
            self._unknowing.clear()
        until = monotonic() + REMEMBERED_SECONDS
        self._unknowing.setdefault(workspace_id, {})[persona_id] = known, until


def _passage(found: Passage) -> PassageText:
    return PassageText(
        text=found.text,
        source=found.source,
        page_start=found.page_start,
        page_end=found.page_end,
        section=found.section,
        file_id=found.file_id,
        chunk_id=found.chunk_id,
        persona_id=found.persona_id,
    )
