"""Subscribers and the responder: one short function each."""

from collections.abc import Sequence
from typing import Any

from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    FileDeletedV1,
    FileUploadedV1,
    KnowledgeFoundV1,
    KnowledgeSearchV1,
    Received,
)
from pydantic import ValidationError
from service_kit.consumer import Subscription
from service_kit.errors import ServiceError
from service_kit.responder import Responder
from service_kit.store import Session
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from ingest_svc.entrypoints.schemas import passage
from ingest_svc.usecases.accept_file import accept_announced, accept_deleted
from ingest_svc.usecases.search_knowledge import SearchKnowledge

QUEUE = "ingest"

log = get_logger(__name__)


async def on_file_uploaded(session: Session, batch: Sequence[Received[FileUploadedV1]]) -> None:
    """Queue each file."""
    await accept_announced(session, batch)


async def on_file_deleted(session: Session, batch: Sequence[Received[FileDeletedV1]]) -> None:
    """Queue the removal of each file."""
    await accept_deleted(session, batch)


SUBSCRIPTIONS: list[Subscription[Any]] = [
    Subscription(model=FileUploadedV1, durable="on_file_uploaded", handle=on_file_uploaded),
    Subscription(model=FileDeletedV1, durable="on_file_deleted", handle=on_file_deleted),
]


def search_responder(search: SearchKnowledge) -> Responder:
    """Return what answers `rpc.knowledge.search.v1`; an error is an answer, too."""

    async def answer(body: bytes) -> bytes:
        try:
            question = KnowledgeSearchV1.model_validate_json(body)
            found = await search.search(
                question.workspace_id, question.persona_id, question.query, question.limit
            )
        except ValidationError as error:
            fields = sorted({str(item["loc"][0]) for item in error.errors() if item["loc"]})
            return _error(f"invalid: {', '.join(fields) or 'not JSON'}")
        except ServiceError as error:
            return _error(error.slug)
        except (SQLAlchemyError, OSError) as error:
            log.warning("search.failed", reason=type(error).__name__)
            return _error("database-unavailable")
        passages = [passage(item, question.workspace_id) for item in found.passages]
        return _encoded(
            KnowledgeFoundV1(
                passages=passages,
                knowledge_revision=found.knowledge_revision,
                mode=found.mode,
            )
        )

    return Responder(KNOWLEDGE_SEARCH_SUBJECT, QUEUE, answer)


def _error(said: str) -> bytes:
    return _encoded(KnowledgeFoundV1(error=said))


def _encoded(answer: KnowledgeFoundV1) -> bytes:
    return answer.model_dump_json(exclude_none=True).encode()
