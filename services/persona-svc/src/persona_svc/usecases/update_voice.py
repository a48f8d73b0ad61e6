"""Change how a persona sounds, and whether it has an agent."""

from collections.abc import Mapping
from typing import Any

from persona_svc.adapters import personas
from persona_svc.domain.persona import Persona
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.update_persona import update_persona

DEFAULT_PROVIDER = "elevenlabs"


async def update_voice(change: Change, persona: Persona, patch: Mapping[str, Any]) -> Persona:
    """Return the persona after a merge patch of its voice.

    One that has no voice itself begins with the voice that it inherits: a voice is whole.

    Raises:
        InvalidPersonaError: with everything that is wrong with the result.
        InvalidError: as for any change of a persona.
    """
    voice: dict[str, Any] = {}
    if persona.fields.voice is None:
        family = await personas.family(change.session, change.workspace_id, [persona.persona_id])
        inherited = family.compile(persona.persona_id).voice
        voice = {"provider": DEFAULT_PROVIDER} if inherited is None else inherited.as_dict()
    return await update_persona(change, persona, {"voice": {**voice, **patch}})
