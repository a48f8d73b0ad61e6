"""Carry a persona from one workspace to another, as a Markdown file."""

from dataclasses import replace
from uuid import UUID

from service_kit.errors import FieldError
from service_kit.store import Session

from persona_svc.adapters import personas
from persona_svc.domain.inheritance import ParentNotFoundError
from persona_svc.domain.markdown import PersonaFile, to_markdown
from persona_svc.domain.persona import Persona
from persona_svc.usecases.change import Change
from persona_svc.usecases.create_persona import create_persona


async def export_persona(session: Session, workspace_id: str, persona_id: UUID) -> str:
    """Return the persona's own fields as Markdown; its parent stands there by name.

    Raises:
        PersonaNotFoundError: there is none with that id.
    """
    persona = await personas.load(session, workspace_id, persona_id)
    parent_id, parent = persona.fields.parent_id, None
    if parent_id is not None:
        parent = (await personas.load(session, workspace_id, parent_id)).fields.name
    return to_markdown(
        PersonaFile(fields=replace(persona.fields, parent_id=None), parent_name=parent)
    )


async def import_persona(change: Change, file: PersonaFile) -> Persona:
    """Store the persona of `file`.

    Raises:
        ParentNotFoundError: no persona here has its parent's name.
        NameTakenError, DefaultInactiveError: as for any new persona.
    """
    fields = file.fields
    if file.parent_name is not None:
        parent = await personas.find_by_name(change.session, change.workspace_id, file.parent_name)
        if parent is None:
            mend = FieldError("parent", "must be the name of a persona of this workspace")
            raise ParentNotFoundError("parent: no persona has this name", errors=[mend])
        fields = replace(fields, parent_id=parent.persona_id)
    return await create_persona(change, fields)
