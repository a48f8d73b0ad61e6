"""Find what uses a persona."""

from uuid import UUID

from persona_contracts import PersonaUse
from service_kit.store import Session

from voice_svc.adapters import agents


async def find_uses(session: Session, persona_id: UUID) -> list[PersonaUse]:
    """Return the agent that speaks as the persona."""
    agent = await agents.find(session, persona_id)
    return [PersonaUse(kind="agents", count=int(agent is not None))]
