"""Subscribers: one short function per event."""

from typing import TypeVar

from persona_contracts import (
    LeadErasedV1,
    PersonaCreatedV1,
    PersonaDeletedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    PersonaUpdatedV1,
    WorkspaceErasedV1,
)
from service_kit.erasure import not_erased, subscribe_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from voice_svc.deps import VoiceDeps
from voice_svc.usecases.follow_personas import PersonaEventT, follow_personas

events = EventRouter[VoiceDeps]("voice-svc")
LivingT = TypeVar("LivingT", PersonaCreatedV1, PersonaUpdatedV1, PersonaUndeletedV1)


@events.subscriber(PersonaCreatedV1, durable="on_persona_created")
async def on_persona_created(
    session: Session, batch: Batch[PersonaCreatedV1], deps: VoiceDeps
) -> None:
    """Make the agents of new personas."""
    await _follow_living(session, batch, deps)


@events.subscriber(PersonaUpdatedV1, durable="on_persona_updated")
async def on_persona_updated(
    session: Session, batch: Batch[PersonaUpdatedV1], deps: VoiceDeps
) -> None:
    """Bring the agents of edited personas into step."""
    await _follow_living(session, batch, deps)


@events.subscriber(PersonaUndeletedV1, durable="on_persona_undeleted")
async def on_persona_undeleted(
    session: Session, batch: Batch[PersonaUndeletedV1], deps: VoiceDeps
) -> None:
    """Make the agents of personas that are back."""
    await _follow_living(session, batch, deps)


@events.subscriber(PersonaDeletedV1, durable="on_persona_deleted")
async def on_persona_deleted(
    session: Session, batch: Batch[PersonaDeletedV1], deps: VoiceDeps
) -> None:
    """Remove the agents of deleted personas."""
    await _follow(session, batch, deps)


async def _follow_living(session: Session, batch: Batch[LivingT], deps: VoiceDeps) -> None:
    living = await not_erased(session, batch, lambda event: event.occurred_at)
    await _follow(session, living, deps)


async def _follow(session: Session, changes: Batch[PersonaEventT], deps: VoiceDeps) -> None:
    await follow_personas(session, changes, deps.roster, deps.settings.settle_seconds)


subscribe_erasures(events, PersonaErasedV1, LeadErasedV1, WorkspaceErasedV1)
