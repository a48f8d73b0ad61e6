"""Go back to the text that a prompt had before."""

from uuid import UUID

from persona_svc.adapters import prompts
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt import PromptKey
from persona_svc.domain.prompt_version import NothingToRecoverError, Origin, PromptVersion
from persona_svc.usecases.activate_prompt import activate_prompt
from persona_svc.usecases.begin_change import Change


async def recover_prompt(
    change: Change, persona: Persona, key: PromptKey, version_id: UUID | None
) -> PromptVersion:
    """Return the version that is active now: one of the last three, by default the last.

    Raises:
        NothingToRecoverError: none was active before, or not the one that is named.
        InvalidError: the persona cannot have that text any more.
    """
    known = await prompts.recoverable(change.session, persona, key)
    chosen = version_id or next(iter(known), None)
    if chosen is None or chosen not in known:
        raise NothingToRecoverError(
            f"{key}: this was not one of the last versions to be active"
            if version_id
            else f"{key}: no other version was active before",
            extra={"recoverable": [str(each) for each in known]},
        )
    version = await prompts.get(change.session, change.workspace_id, persona.persona_id, chosen)
    await activate_prompt(change, persona, version, Origin.RECOVER)
    return version
