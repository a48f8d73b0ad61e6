"""Change a persona's own fields."""

from collections.abc import Mapping
from typing import Any

from persona_svc.domain.greeting import require_fillable
from persona_svc.domain.persona import InvalidPersonaError, Persona
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change
from persona_svc.usecases.replace_fields import replace_fields


async def update_persona(change: Change, persona: Persona, patch: Mapping[str, Any]) -> Persona:
    """Return the persona after a JSON Merge Patch (RFC 7396); one that changes nothing is free.

    Raises:
        InvalidPersonaError: with everything that is wrong with the result.
        NameTakenError, ParentNotFoundError: as for a new persona.
        DefaultInactiveError: the default was to be deactivated.
        InvalidError: it, or one that inherits from it, breaks a rule of inheritance or of size.
    """
    fields = persona.fields.patched(patch)
    require_fillable(InvalidPersonaError, fields.as_dict(), persona.fields.as_dict())
    updated = await replace_fields(change, persona, fields)
    await publish_change(change, "persona.update")
    return updated
