"""Subscribers: one short function per event."""

from persona_contracts import LeadRepliedV1
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from note_svc.deps import NoteDeps
from note_svc.usecases.accept_reply import accept_reply

events: EventRouter[NoteDeps] = EventRouter("note-svc")


@events.subscriber(LeadRepliedV1, durable="on_lead_replied")
async def on_lead_replied(session: Session, batch: Batch[LeadRepliedV1], _: NoteDeps) -> None:
    """Queue a note per reply."""
    for item in batch:
        await accept_reply(session, item.event)
