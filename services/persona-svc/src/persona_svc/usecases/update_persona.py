"""Change a persona's own fields."""

from collections.abc import Mapping
from typing import Any

from persona_svc.adapters import personas
from persona_svc.domain.diff import changed_fields, changes_summary
from persona_svc.domain.persona import Persona, PersonaFields
from persona_svc.usecases.change import Change
from persona_svc.usecases.create_persona import DefaultInactiveError, require_parent


async def update_persona(change: Change, persona: Persona, patch: Mapping[str, Any]) -> Persona:
    """Return the persona after a JSON Merge Patch (RFC 7396); one that changes nothing is free.

    Raises:
        InvalidPersonaError: with everything that is wrong with the result.
        NameTakenError, ParentNotFoundError: as for a new persona.
        DefaultInactiveError: the default was to be deactivated.
    """
    return await replace_fields(change, persona, persona.fields.patched(patch))


async def replace_fields(
    change: Change, persona: Persona, fields: PersonaFields, summary: str | None = None
) -> Persona:
    """Store `fields` as the next version of `persona`; as `update_persona` otherwise."""
    if not changed_fields(persona.fields, fields):
        return persona
    await personas.require_free_name(
        change.session, change.workspace_id, fields.name, but=persona.persona_id
    )
    if fields.parent_id != persona.fields.parent_id:
        await require_parent(change, fields.parent_id)
    if not fields.is_active and change.default_persona_id == persona.persona_id:
        raise DefaultInactiveError("this is the default persona: make another the default first")
    edited = persona.edited(fields, revision=change.revision, at=change.actor.at)
    await personas.save(change.session, edited)
    await personas.add_version(
        change.session,
        edited,
        change.actor.subject,
        summary or changes_summary(persona.fields, fields),
    )
    change.updated.append((persona, edited))
    return edited
