"""Make a new version that equals an old one."""

from persona_svc.adapters import personas
from persona_svc.domain.persona import Persona, PersonaFields
from persona_svc.usecases.change import Change
from persona_svc.usecases.update_persona import replace_fields


async def restore_version(change: Change, persona: Persona, version: int) -> Persona:
    """Return `persona` with the fields of `version`.

    Raises:
        VersionNotFoundError: it has no such version.
        NameTakenError, ParentNotFoundError, DefaultInactiveError: what was possible then is not
            possible now.
    """
    old = await personas.version(change.session, change.workspace_id, persona.persona_id, version)
    fields = PersonaFields.from_dict(old.fields)
    return await replace_fields(change, persona, fields, f"restored version {version}")
