"""Subscribers: one short function per event."""

from persona_contracts import LeadErasedV1, LeadRepliedV1, PersonaErasedV1, WorkspaceErasedV1
from service_kit.erasure import subscribe_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from draft_svc.deps import DraftDeps
from draft_svc.usecases.accept_replies import accept_replies

events = EventRouter[DraftDeps]("draft-svc")


@events.subscriber(LeadRepliedV1, durable="on_lead_replied")
async def on_lead_replied(session: Session, batch: Batch[LeadRepliedV1], _: DraftDeps) -> None:
    """Queue one draft per reply."""
    await accept_replies(session, batch)


subscribe_erasures(events, PersonaErasedV1, LeadErasedV1, WorkspaceErasedV1)
