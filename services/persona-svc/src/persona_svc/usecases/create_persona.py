"""Create a persona; the first of a workspace becomes its default."""

from persona_svc.domain.greeting import require_fillable
from persona_svc.domain.persona import InvalidPersonaError, Persona, PersonaFields
from persona_svc.usecases.add_persona import add_persona
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def create_persona(change: Change, fields: PersonaFields) -> Persona:
    """Return the new persona.

    Raises:
        InvalidPersonaError: a greeting has braces that nothing fills, or a name turns text around.
        NameTakenError: another persona has its name.
        ParentNotFoundError: there is no persona with its `parent_id`.
        DefaultInactiveError: it would be the default, and is inactive.
        InvalidError: it breaks a rule of inheritance or of size.
    """
    fields.require_readable_names()
    require_fillable(InvalidPersonaError, fields.as_dict(), {})
    persona = await add_persona(change, fields)
    await publish_change(change, "persona.create")
    return persona
