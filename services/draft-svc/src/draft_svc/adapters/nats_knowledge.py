"""Asks ingest-svc for passages: `rpc.knowledge.search.v1` over core NATS (events.md §3)."""

from nats.aio.client import Client
from nats.errors import Error as NatsError
from persona_client import Resolution
from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    KNOWLEDGE_SEARCH_TIMEOUT_SECONDS,
    KnowledgeFoundV1,
    KnowledgeSearchV1,
    Passage,
)
from pydantic import ValidationError
from structlog import get_logger

from draft_svc.domain.knowledge import KnowledgeAnswer, PassageText

MAX_QUERY_CHARS = 2_000

log = get_logger(__name__)


class NatsKnowledge:
    """Knowledge over request/reply; it never raises, but answers `unavailable`."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection

    async def search(
        self, workspace_id: str, resolution: Resolution, query: str
    ) -> KnowledgeAnswer:
        """Return what the persona that speaks knows about `query`; without a persona, `none`."""
        if resolution.persona_id is None:
            return KnowledgeAnswer("none")
        question = KnowledgeSearchV1(
            workspace_id=workspace_id,
            persona_id=resolution.persona_id,
            query=query[:MAX_QUERY_CHARS],
            at_least_revision=resolution.revision,
        )
        try:
            answer = await self._connection.request(
                KNOWLEDGE_SEARCH_SUBJECT,
                question.model_dump_json().encode(),
                timeout=KNOWLEDGE_SEARCH_TIMEOUT_SECONDS,
            )
            found = KnowledgeFoundV1.model_validate_json(answer.data)
        except (NatsError, TimeoutError, ValidationError) as error:
            log.info("knowledge.unavailable", reason=type(error).__name__)
            return KnowledgeAnswer("unavailable")
        if found.error is not None:
            log.info("knowledge.unavailable", reason="answered with an error")
            return KnowledgeAnswer("unavailable")
        passages = tuple(map(_passage, found.passages))
        return KnowledgeAnswer("used" if passages else "none", passages)


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
