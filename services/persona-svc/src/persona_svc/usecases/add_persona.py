"""Add a persona to a change: what creating, cloning, importing and ensuring a default share."""

from service_kit.ids import new_id

from persona_svc.adapters import personas, versions
from persona_svc.domain.persona import Persona, PersonaFields
from persona_svc.domain.prompt_version import Origin, PromptEdit
from persona_svc.domain.workspace import DefaultInactiveError
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.record_prompts import record_prompts


async def add_persona(
    change: Change, fields: PersonaFields, origin: Origin = Origin.SAVE
) -> Persona:
    """Store a new persona with these fields; the first of a workspace becomes its default.

    Raises:
        NameTakenError: another persona has its name.
        ParentNotFoundError: there is no persona with its `parent_id`.
        DefaultInactiveError: it would be the default, and is inactive.
    """
    await personas.require_free_name(change.session, change.workspace_id, fields.name)
    await personas.require_parent(change.session, change.workspace_id, fields.parent_id)
    persona = Persona(
        persona_id=new_id(),
        workspace_id=change.workspace_id,
        fields=fields,
        version=1,
        revision=change.revision,
        created_by=change.actor.subject,
        created_at=change.at,
        updated_at=change.at,
    )
    if change.default_persona_id is None:
        if not fields.is_active:
            raise DefaultInactiveError("the first persona becomes the default: make it active")
        change.default_persona_id = persona.persona_id
    await personas.add(change.session, persona)
    await versions.add(change.session, persona, change.actor.subject, "created")
    await record_prompts(change, None, persona, PromptEdit(origin=origin))
    change.created.append(persona)
    return persona
