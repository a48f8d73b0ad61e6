"""Give a persona another's prompts."""

from dataclasses import replace
from uuid import UUID

from persona_svc.adapters import personas
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_version import FIELDS_OF_LAYERS, Origin, PromptEdit
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change
from persona_svc.usecases.replace_fields import replace_fields


async def clone_prompts(change: Change, persona: Persona, source_id: UUID) -> Persona:
    """Return the persona with all prompts that the other one has itself, and no others.

    Raises:
        PersonaNotFoundError: there is none to copy from.
        InvalidError: with them it would be too long, or could not talk.
    """
    source = await personas.get(change.session, change.workspace_id, source_id)
    names = (*FIELDS_OF_LAYERS.values(), "named_prompts")
    fields = replace(persona.fields, **{name: getattr(source.fields, name) for name in names})
    summary = f'prompts of "{source.fields.name}"'
    edit = PromptEdit(origin=Origin.CLONE, message=summary)
    updated = await replace_fields(change, persona, fields, summary, edit)
    await publish_change(change, "prompts.clone")
    return updated
