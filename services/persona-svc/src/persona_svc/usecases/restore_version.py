"""Make a new version that equals an old one."""

from persona_svc.adapters import versions
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt_version import Origin, PromptEdit
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change
from persona_svc.usecases.replace_fields import replace_fields


async def restore_version(change: Change, persona: Persona, number: int) -> Persona:
    """Return `persona` with the fields of that version.

    Raises:
        VersionNotFoundError: it has no such version.
        NameTakenError, ParentNotFoundError, DefaultInactiveError: what was possible then is not
            possible now.
    """
    old = await versions.get(change.session, change.workspace_id, persona.persona_id, number)
    summary = f"restored version {number}"
    prompts = PromptEdit(origin=Origin.RESTORE, message=summary)
    restored = await replace_fields(change, persona, old.fields, summary, prompts)
    await publish_change(change, "persona.restore")
    return restored
