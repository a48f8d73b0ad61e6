"""Make a persona the default; or make sure that there is one."""

from persona_svc.adapters import personas
from persona_svc.domain.persona import Persona
from persona_svc.domain.workspace import persona_from_settings
from persona_svc.usecases.change import Change
from persona_svc.usecases.create_persona import DefaultInactiveError, create_persona


async def set_default(change: Change, persona: Persona) -> None:
    """Move the workspace's pointer to `persona`.

    Raises:
        DefaultInactiveError: it is inactive.
    """
    if not persona.fields.is_active:
        raise DefaultInactiveError("this persona is inactive: activate it first")
    change.default_persona_id = persona.persona_id


async def ensure_default(change: Change) -> tuple[Persona, bool]:
    """Return the default persona and whether it was made now, from the legacy settings (A10, A11).

    Making it twice is impossible: the workspace is locked.
    """
    if change.default_persona_id is not None:
        persona = await personas.load(
            change.session, change.workspace_id, change.default_persona_id
        )
        return persona, False
    return await create_persona(change, persona_from_settings(change.settings)), True
