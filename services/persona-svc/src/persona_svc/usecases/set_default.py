"""Make a persona the default."""

from persona_svc.domain.persona import Persona
from persona_svc.domain.workspace import DefaultInactiveError
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def set_default(change: Change, persona: Persona) -> Persona:
    """Move the workspace's pointer to `persona`, and return it.

    Raises:
        DefaultInactiveError: it is inactive.
    """
    if not persona.fields.is_active:
        raise DefaultInactiveError("this persona is inactive: activate it first")
    change.default_persona_id = persona.persona_id
    await publish_change(change, "persona.set_default")
    return persona
