"""Give a persona other fields: what updating, restoring and changing the settings share."""

from persona_svc.adapters import personas, versions
from persona_svc.domain.diff import changed_fields, changes_summary
from persona_svc.domain.persona import Persona, PersonaFields
from persona_svc.domain.prompt_version import PromptEdit
from persona_svc.domain.workspace import DefaultInactiveError
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.record_prompts import record_prompts

EDIT = PromptEdit()


async def replace_fields(
    change: Change,
    persona: Persona,
    fields: PersonaFields,
    summary: str | None = None,
    prompts: PromptEdit = EDIT,
) -> Persona:
    """Return the persona in its next version; unchanged, if these are its fields already.

    Its prompts get their versions and activations; `prompts` says why.

    Raises:
        InvalidPersonaError: a new name turns text around.
        NameTakenError, ParentNotFoundError: as for a new persona.
        DefaultInactiveError: the default was to be deactivated.
    """
    edited = persona
    if changed_fields(persona.fields, fields):
        edited = await _edited(change, persona, fields, summary)
    await record_prompts(change, persona, edited, prompts)
    return edited


async def _edited(
    change: Change, persona: Persona, fields: PersonaFields, summary: str | None
) -> Persona:
    fields.require_readable_names(persona.fields)
    session, workspace_id = change.session, change.workspace_id
    await personas.require_free_name(session, workspace_id, fields.name, but=persona.persona_id)
    if fields.parent_id != persona.fields.parent_id:
        await personas.require_parent(session, workspace_id, fields.parent_id)
    if not fields.is_active and change.default_persona_id == persona.persona_id:
        raise DefaultInactiveError("this is the default persona: make another the default first")
    edited = persona.edited(fields, revision=change.revision, at=change.at)
    await personas.save(session, edited)
    await versions.add(
        session, edited, change.actor.subject, summary or changes_summary(persona.fields, fields)
    )
    change.updated.append((persona, edited))
    return edited
