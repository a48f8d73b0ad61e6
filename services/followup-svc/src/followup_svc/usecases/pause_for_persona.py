"""Pause what a deleted persona was to send."""

from persona_contracts import PersonaDeletedV1
from service_kit.store import Session, database_now

from followup_svc.adapters import instances, persona_marks
from followup_svc.domain.instance import State
from followup_svc.usecases.pause_instance import pause_instance
from followup_svc.usecases.save_instances import save_instances


async def pause_for_persona(session: Session, event: PersonaDeletedV1) -> None:
    """Pause the active instances of sequences that name the persona; a newer event wins."""
    key = (event.workspace_id, event.persona_id)
    if not await persona_marks.mark(session, key, event.revision, deleted=True):
        return
    named = await instances.lock_live_of_persona(session, *key)
    paused = [
        pause_instance(item, by=PersonaDeletedV1.event_type)
        for item in named
        if item.state is State.ACTIVE
    ]
    await save_instances(session, paused, now=await database_now(session))
