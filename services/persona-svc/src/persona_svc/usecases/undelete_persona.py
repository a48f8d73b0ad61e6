"""Bring a deleted persona back, as long as it is not erased."""

from uuid import UUID

from service_kit import erasure
from service_kit.erasure import ErasureKind

from persona_svc.adapters import personas, versions
from persona_svc.domain.inheritance import ParentGoneError
from persona_svc.domain.persona import NameTakenError, Persona
from persona_svc.domain.workspace import DefaultInactiveError
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.publish_change import publish_change


async def undelete_persona(change: Change, persona_id: UUID) -> Persona:
    """Return the persona in a new version, with its versions; nothing is assigned to it again.

    It becomes the default only where there is none.

    Raises:
        PersonaNotFoundError: there is no such persona, or it is erased.
        PersonaNotDeletedError: it is there.
        NameTakenError: another persona has its name now.
        ParentGoneError: its parent is deleted.
        DefaultInactiveError: it would be the default, and is inactive.
    """
    session, workspace_id = change.session, change.workspace_id
    deleted = (await personas.get_deleted(session, workspace_id, persona_id)).persona
    await _require_place(change, deleted)
    persona = deleted.edited(deleted.fields, revision=change.revision, at=change.at)
    if change.default_persona_id is None:
        if not persona.fields.is_active:
            raise DefaultInactiveError("it would be the default, and is inactive")
        change.default_persona_id = persona_id
    await personas.undelete(session, persona)
    await versions.add(session, persona, change.actor.subject, "undeleted")
    await erasure.cancel(session, workspace_id, ErasureKind.PERSONA, str(persona_id))
    change.undeleted.append(persona)
    await publish_change(change, "persona.undelete")
    return persona


async def _require_place(change: Change, deleted: Persona) -> None:
    """Return when the name is free and the parent, if it had one, is there."""
    name, parent_id = deleted.fields.name, deleted.fields.parent_id
    if not await personas.is_free_name(change.session, change.workspace_id, name):
        raise NameTakenError(
            f"another persona is named {name!r} now: rename that one, then undelete this one"
        )
    if parent_id is None:
        return
    if parent_id not in await personas.find(change.session, change.workspace_id, [parent_id]):
        raise ParentGoneError(
            f"its parent {parent_id} is deleted: undelete that one first",
            extra={"parent_id": str(parent_id)},
        )
