"""Subscribers: one short function per event."""

from persona_contracts import LeadErasedV1, LeadRepliedV1, PersonaErasedV1, WorkspaceErasedV1
from service_kit.erasure import queue_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from draft_svc.deps import DraftDeps
from draft_svc.usecases.accept_replies import accept_replies

events = EventRouter[DraftDeps]("draft-svc")


@events.subscriber(LeadRepliedV1, durable="on_lead_replied")
async def on_lead_replied(session: Session, batch: Batch[LeadRepliedV1], _: DraftDeps) -> None:
    """Queue one draft per reply."""
    await accept_replies(session, batch)


@events.subscriber(PersonaErasedV1, durable="on_persona_erased")
async def on_persona_erased(session: Session, batch: Batch[PersonaErasedV1], _: DraftDeps) -> None:
    """Erase what was written in the voice of the personas."""
    await queue_erasures(session, batch)


@events.subscriber(LeadErasedV1, durable="on_lead_erased")
async def on_lead_erased(session: Session, batch: Batch[LeadErasedV1], _: DraftDeps) -> None:
    """Erase the leads."""
    await queue_erasures(session, batch)


@events.subscriber(WorkspaceErasedV1, durable="on_workspace_erased")
async def on_workspace_erased(
    session: Session, batch: Batch[WorkspaceErasedV1], _: DraftDeps
) -> None:
    """Erase the workspaces."""
    await queue_erasures(session, batch)
