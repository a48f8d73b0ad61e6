"""Subscribers and the responder: one short function each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    FileDeletedV1,
    FileUploadedV1,
    KnowledgeFoundV1,
    KnowledgeSearchV1,
    LeadErasedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    PersonaUse,
    Received,
    WorkspaceErasedV1,
)
from pydantic import ValidationError
from service_kit.consumer import Subscription
from service_kit.erasure import queue_erasures
from service_kit.errors import ServiceError
from service_kit.responder import Responder
from service_kit.store import Session
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from ingest_svc.adapters import documents
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


async def on_persona_undeleted(
    session: Session, batch: Sequence[Received[PersonaUndeletedV1]]
) -> None:
    """Take up again the files that came while the persona was deleted."""
    for item in batch:
        await documents.restart_without_persona(
            session, item.workspace_id, item.event.persona.persona_id
        )


async def on_persona_erased(session: Session, batch: Sequence[Received[PersonaErasedV1]]) -> None:
    """Erase what the personas know."""
    await queue_erasures(session, batch)


async def on_lead_erased(session: Session, batch: Sequence[Received[LeadErasedV1]]) -> None:
    """Erase the leads."""
    await queue_erasures(session, batch)


async def on_workspace_erased(
    session: Session, batch: Sequence[Received[WorkspaceErasedV1]]
) -> None:
    """Erase the workspaces."""
    await queue_erasures(session, batch)


SUBSCRIPTIONS: list[Subscription[Any]] = [
    Subscription(model=FileUploadedV1, durable="on_file_uploaded", handle=on_file_uploaded),
    Subscription(model=FileDeletedV1, durable="on_file_deleted", handle=on_file_deleted),
    Subscription(
        model=PersonaUndeletedV1, durable="on_persona_undeleted", handle=on_persona_undeleted
    ),
    Subscription(model=PersonaErasedV1, durable="on_persona_erased", handle=on_persona_erased),
    Subscription(model=LeadErasedV1, durable="on_lead_erased", handle=on_lead_erased),
    Subscription(
        model=WorkspaceErasedV1, durable="on_workspace_erased", handle=on_workspace_erased
    ),
]


async def find_uses(session: Session, persona_id: UUID) -> list[PersonaUse]:
    """Return the files of a persona."""
    count, names = await documents.uses(session, persona_id)
    return [PersonaUse(kind="files", count=count, names=list(names))]


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
