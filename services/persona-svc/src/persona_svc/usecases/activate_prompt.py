"""Let a stored version of a prompt speak."""

from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_version import (
    Origin,
    PromptEdit,
    PromptVersion,
    with_text,
)
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change
from persona_svc.usecases.replace_fields import replace_fields


async def activate_prompt(
    change: Change, persona: Persona, version: PromptVersion, origin: Origin
) -> Persona:
    """Return the persona with the text of `version`, which is active from then on.

    Raises:
        InvalidError: the persona cannot have this text, now.
    """
    fields = with_text(persona.fields, version.key, version.content)
    summary = f"{version.key} is at version {version.number}"
    edit = PromptEdit(origin=origin, chosen={version.key: version.version_id})
    updated = await replace_fields(change, persona, fields, summary, edit)
    await publish_change(change, "prompt.activate")
    return updated
