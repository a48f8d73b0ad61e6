"""Give a persona the prompts of a template."""

from dataclasses import replace

from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_template import PromptTemplate
from persona_svc.domain.prompt_version import Origin, PromptEdit, with_main_texts
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change
from persona_svc.usecases.replace_fields import replace_fields


async def apply_template(change: Change, persona: Persona, template: PromptTemplate) -> Persona:
    """Return the persona with all layers of the template, and its id and version.

    Raises:
        InvalidError: with them it, or one that inherits from it, would be too long or could not
            talk.
    """
    fields = with_main_texts(persona.fields, template.texts)
    fields = replace(fields, prompt_template=template.label)
    summary = f"template {template.label}"
    edit = PromptEdit(origin=Origin.TEMPLATE, message=summary)
    updated = await replace_fields(change, persona, fields, summary, edit)
    await publish_change(change, "prompts.apply_template")
    return updated
