"""Subscribers: what was erased elsewhere is erased here; what leads ask in vain is noted."""

from persona_contracts import DraftCreatedV1, LeadErasedV1, PersonaErasedV1, WorkspaceErasedV1
from service_kit.erasure import subscribe_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from chat_svc.deps import ChatDeps
from chat_svc.usecases.note_unanswered_drafts import note_unanswered_drafts

events = EventRouter[ChatDeps]("chat-svc")


@events.subscriber(DraftCreatedV1, durable="on_draft_created")
async def on_draft_created(session: Session, batch: Batch[DraftCreatedV1], _: ChatDeps) -> None:
    """Note each question of a lead that no passage was found for."""
    await note_unanswered_drafts(session, batch)


subscribe_erasures(events, PersonaErasedV1, LeadErasedV1, WorkspaceErasedV1)
