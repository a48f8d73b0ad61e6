"""Make a new persona with another's own fields."""

from dataclasses import replace
from itertools import count

from persona_svc.adapters import personas
from persona_svc.domain.persona import MAX_NAME_CHARS, Persona
from persona_svc.usecases.change import Change
from persona_svc.usecases.create_persona import create_persona


async def clone_persona(change: Change, persona: Persona, name: str | None) -> Persona:
    """Return the copy, named `name` or "<its name> (copy)", "(copy 2)" and so on.

    Raises:
        NameTakenError: `name` is given and taken.
    """
    if name is None:
        name = await _free_name(change, persona.fields.name)
    return await create_persona(change, replace(persona.fields, name=name, is_active=True))


async def _free_name(change: Change, name: str) -> str:
    for number in count(1):
        suffix = " (copy)" if number == 1 else f" (copy {number})"
        candidate = name[: MAX_NAME_CHARS - len(suffix)].rstrip() + suffix
        if await personas.is_free_name(change.session, change.workspace_id, candidate):
            return candidate
    raise AssertionError  # count() never ends
