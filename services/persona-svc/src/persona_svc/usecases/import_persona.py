"""Create the persona of a file."""

from dataclasses import replace

from service_kit.errors import FieldError

from persona_svc.adapters import personas
from persona_svc.domain.greeting import require_fillable
from persona_svc.domain.inheritance import ParentNotFoundError
from persona_svc.domain.markdown import PersonaFile
from persona_svc.domain.persona import InvalidPersonaError, Persona
from persona_svc.domain.prompt_version import Origin
from persona_svc.usecases.add_persona import add_persona
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def import_persona(change: Change, file: PersonaFile) -> Persona:
    """Return the new persona; its parent is the one of this workspace with the name in the file.

    Raises:
        InvalidPersonaError: a greeting has braces that nothing fills, or a name turns text around.
        ParentNotFoundError: no persona here has its parent's name.
        NameTakenError, DefaultInactiveError: as for any new persona.
    """
    fields = file.fields
    require_fillable(InvalidPersonaError, fields.as_dict(), {})
    if file.parent_name is not None:
        parent = await personas.find_by_name(change.session, change.workspace_id, file.parent_name)
        if parent is None:
            hint = FieldError("parent", "must be the name of a persona of this workspace")
            raise ParentNotFoundError("parent: no persona has this name", errors=[hint])
        fields = replace(fields, parent_id=parent.persona_id)
    fields.require_readable_names()
    persona = await add_persona(change, fields, Origin.IMPORT)
    await publish_change(change, "persona.import")
    return persona
