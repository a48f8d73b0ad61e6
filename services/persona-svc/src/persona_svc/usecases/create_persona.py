"""Create a persona; the first of a workspace becomes its default."""

from uuid import UUID

from service_kit.errors import ConflictError, FieldError
from service_kit.ids import new_id

from persona_svc.adapters import personas
from persona_svc.domain.inheritance import ParentNotFoundError
from persona_svc.domain.persona import Persona, PersonaFields
from persona_svc.usecases.change import Change


class DefaultInactiveError(ConflictError):
    """The default persona must be active."""

    slug = "default-persona-inactive"


async def create_persona(change: Change, fields: PersonaFields) -> Persona:
    """Store a new persona with these fields.

    Raises:
        NameTakenError: another persona has its name.
        ParentNotFoundError: there is no persona with its `parent_id`.
        DefaultInactiveError: it would be the default, and is inactive.
    """
    await personas.require_free_name(change.session, change.workspace_id, fields.name)
    await require_parent(change, fields.parent_id)
    persona = Persona(
        persona_id=new_id(),
        workspace_id=change.workspace_id,
        fields=fields,
        version=1,
        revision=change.revision,
        created_by=change.actor.subject,
        created_at=change.actor.at,
        updated_at=change.actor.at,
    )
    if change.default_persona_id is None:
        if not fields.is_active:
            raise DefaultInactiveError("the first persona becomes the default: make it active")
        change.default_persona_id = persona.persona_id
    await personas.add(change.session, persona)
    await personas.add_version(change.session, persona, change.actor.subject, "created")
    change.created.append(persona)
    return persona


async def require_parent(change: Change, parent_id: UUID | None) -> None:
    """Return when there is nothing to inherit from, or it exists.

    Raises:
        ParentNotFoundError: there is no persona with that id.
    """
    if parent_id is None:
        return
    if parent_id not in await personas.find(change.session, change.workspace_id, [parent_id]):
        mend = FieldError("parent_id", "must be the persona_id of a persona of this workspace")
        raise ParentNotFoundError(f"no persona {parent_id}", errors=[mend])
