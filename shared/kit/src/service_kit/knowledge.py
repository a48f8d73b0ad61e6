"""Asks ingest-svc what a persona knows: `rpc.knowledge.search.v1` over core NATS (events.md §3)."""

from nats.aio.client import Client
from nats.errors import Error as NatsError
from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    KNOWLEDGE_SEARCH_TIMEOUT_SECONDS,
    KnowledgeFoundV1,
    KnowledgeSearchV1,
)
from pydantic import ValidationError

from service_kit.errors import UpstreamError


class KnowledgeUnavailableError(UpstreamError):
    """What the persona knows cannot be searched now; try again later."""

    slug = "knowledge-unavailable"


async def search_knowledge(
    connection: Client,
    question: KnowledgeSearchV1,
    timeout_seconds: float = KNOWLEDGE_SEARCH_TIMEOUT_SECONDS,
) -> KnowledgeFoundV1:
    """Return the passages that answer.

    Raises:
        KnowledgeUnavailableError: nobody answers in time, or with an error.
    """
    try:
        answer = await connection.request(
            KNOWLEDGE_SEARCH_SUBJECT,
            question.model_dump_json().encode(),
            timeout=timeout_seconds,
        )
        found = KnowledgeFoundV1.model_validate_json(answer.data)
    except (NatsError, TimeoutError, ValidationError) as error:
        raise KnowledgeUnavailableError(type(error).__name__) from error
    if found.error is not None:
        raise KnowledgeUnavailableError("answered with an error")
    return found
