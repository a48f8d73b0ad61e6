"""Make a file of a persona, to be imported elsewhere."""

from dataclasses import replace
from uuid import UUID

from service_kit.store import Session

from persona_svc.adapters import personas
from persona_svc.domain.markdown import PersonaFile


async def export_persona(session: Session, workspace_id: str, persona_id: UUID) -> PersonaFile:
    """Return the persona's own fields as a file; its parent stands there by name.

    Raises:
        PersonaNotFoundError: there is none with that id.
    """
    persona = await personas.get(session, workspace_id, persona_id)
    parent_id, parent = persona.fields.parent_id, None
    if parent_id is not None:
        parent = (await personas.get(session, workspace_id, parent_id)).fields.name
    fields = replace(persona.fields, parent_id=None)
    return PersonaFile(fields=fields, parent_name=parent)
