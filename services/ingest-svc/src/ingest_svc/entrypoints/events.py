"""Subscribers: one short function per event."""

from persona_contracts import (
    ChatGapAnsweredV1,
    FileDeletedV1,
    FileUploadedV1,
    LeadErasedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    WorkspaceErasedV1,
)
from service_kit.erasure import subscribe_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from ingest_svc.deps import IngestDeps
from ingest_svc.usecases.accept_answers import accept_answers
from ingest_svc.usecases.accept_files import accept_files
from ingest_svc.usecases.restart_files import restart_files
from ingest_svc.usecases.retract_files import retract_files

events = EventRouter[IngestDeps]("ingest-svc")


@events.subscriber(FileUploadedV1, durable="on_file_uploaded")
async def on_file_uploaded(session: Session, batch: Batch[FileUploadedV1], _: IngestDeps) -> None:
    """Queue each file."""
    await accept_files(session, batch)


@events.subscriber(FileDeletedV1, durable="on_file_deleted")
async def on_file_deleted(session: Session, batch: Batch[FileDeletedV1], _: IngestDeps) -> None:
    """Queue the removal of each file."""
    await retract_files(session, batch)


@events.subscriber(ChatGapAnsweredV1, durable="on_gap_answered")
async def on_gap_answered(session: Session, batch: Batch[ChatGapAnsweredV1], _: IngestDeps) -> None:
    """Queue each answer as a document of the persona."""
    await accept_answers(session, batch)


@events.subscriber(PersonaUndeletedV1, durable="on_persona_undeleted")
async def on_persona_undeleted(
    session: Session, batch: Batch[PersonaUndeletedV1], _: IngestDeps
) -> None:
    """Take up again the files that came while the persona was deleted."""
    for item in batch:
        await restart_files(session, item.workspace_id, item.event.persona.persona_id)


subscribe_erasures(events, PersonaErasedV1, LeadErasedV1, WorkspaceErasedV1)
