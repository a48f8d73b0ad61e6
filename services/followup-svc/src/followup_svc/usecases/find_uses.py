"""Find what uses a persona."""

from uuid import UUID

from persona_contracts import MAX_USE_NAMES, PersonaUse
from service_kit.store import Session

from followup_svc.adapters import instances, sequences


async def find_uses(session: Session, persona_id: UUID) -> list[PersonaUse]:
    """Return the sequences, triggers and live instances that name a persona."""
    named = await sequences.names_by_persona(session, "ai_persona_id", persona_id)
    triggers = await sequences.names_by_persona(session, "trigger", persona_id)
    return [
        PersonaUse(kind="sequences", count=len(named), names=named[:MAX_USE_NAMES]),
        PersonaUse(kind="triggers", count=len(triggers), names=triggers[:MAX_USE_NAMES]),
        PersonaUse(
            kind="instances", count=await instances.count_live_of_persona(session, persona_id)
        ),
    ]
