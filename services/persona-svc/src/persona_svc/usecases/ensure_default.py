"""Make sure that a workspace has a default persona."""

from persona_svc.adapters import personas
from persona_svc.domain.persona import Persona
from persona_svc.domain.workspace_settings import persona_from_settings
from persona_svc.usecases.add_persona import add_persona
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def ensure_default(change: Change) -> tuple[Persona, bool]:
    """Return the default persona and whether it was made now, from the legacy settings (A10, A11).

    Making it twice is impossible: the workspace is locked.
    """
    default_id = change.default_persona_id
    if default_id is not None:
        return await personas.get(change.session, change.workspace_id, default_id), False
    persona = await add_persona(change, persona_from_settings(change.settings))
    await publish_change(change, "persona.ensure_default")
    return persona, True
