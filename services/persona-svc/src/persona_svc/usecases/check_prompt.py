"""Say what is wrong with the text of a prompt, before it speaks."""

from dataclasses import replace

from service_kit.errors import InvalidError
from service_kit.store import Session

from persona_svc.adapters import personas
from persona_svc.domain.persona import Persona
from persona_svc.domain.prompt import PromptError, PromptKey, prompt_errors
from persona_svc.domain.prompt_version import with_text
from persona_svc.domain.spoken import require_speakable


async def check_prompt(
    session: Session, persona: Persona, key: PromptKey, content: str
) -> list[PromptError]:
    """Return what is wrong, by line; an empty list: the persona can have this text.

    The persona, and all that inherit from it, must compile with it.
    """
    if errors := prompt_errors(key, content):
        return errors
    family = await personas.family(session, persona.workspace_id, [persona.persona_id])
    try:
        fields = with_text(persona.fields, key, content)
        edited = family.having(replace(persona, fields=fields))
        for compiled in edited.compile_with_descendants(persona.persona_id):
            require_speakable(compiled)
    except InvalidError as refused:
        return [PromptError(None, str(refused))]
    return []
