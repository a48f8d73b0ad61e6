"""Make a new persona with another's own fields."""

from dataclasses import replace
from itertools import count
from uuid import UUID

from persona_svc.adapters import personas
from persona_svc.domain.persona import MAX_NAME_CHARS, Persona
from persona_svc.domain.prompt_version import Origin
from persona_svc.usecases.add_persona import add_persona
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def clone_persona(change: Change, persona_id: UUID, name: str | None) -> Persona:
    """Return the copy, named `name` or "<its name> (copy)", "(copy 2)" and so on.

    Raises:
        PersonaNotFoundError: there is none to copy.
        InvalidPersonaError: `name` turns text around.
        NameTakenError: `name` is given and taken.
    """
    original = await personas.get(change.session, change.workspace_id, persona_id)
    if name is None:
        name = await _free_name(change, original.fields.name)
    copied = replace(original.fields, name=name, is_active=True)
    copied.require_readable_names(original.fields)
    persona = await add_persona(change, copied, Origin.CLONE)
    await publish_change(change, "persona.clone")
    return persona


async def _free_name(change: Change, name: str) -> str:
    for number in count(1):
        suffix = " (copy)" if number == 1 else f" (copy {number})"
        candidate = name[: MAX_NAME_CHARS - len(suffix)].rstrip() + suffix
        if await personas.is_free_name(change.session, change.workspace_id, candidate):
            return candidate
    raise AssertionError  # count() never ends
