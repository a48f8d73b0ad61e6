"""What the routes of this service share: a change to make, and the persona that it is about."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from service_kit.identity import Admin, Principal
from service_kit.personas import REVISION_HEADER
from service_kit.preconditions import IfMatch, OptionalIfMatch, RequiredIfMatch, etag
from service_kit.routing import IdempotentSession, WorkspaceSession, before_answer, deps_of

from persona_svc.adapters import personas
from persona_svc.deps import PersonaDeps
from persona_svc.domain.api_key import PersonNeededError
from persona_svc.domain.persona import Persona
from persona_svc.domain.workspace import Workspace
from persona_svc.entrypoints.schemas.persona import PersonaDocument
from persona_svc.usecases.begin_change import Actor, Change, begin_change

Deps = Annotated[PersonaDeps, Depends(deps_of(PersonaDeps))]


async def _editing(request: Request, session: WorkspaceSession, admin: Admin) -> Change:
    actor = Actor(subject=admin.subject, role=admin.role)
    change = await begin_change(session, admin.workspace_id, actor)

    async def tell_revision(response: Response) -> None:
        response.headers[REVISION_HEADER] = str(change.workspace.revision)

    before_answer(request, tell_revision)
    return change


async def _creating(request: Request, session: IdempotentSession, admin: Admin) -> Change:
    admin.require_whole_workspace()
    return await _editing(request, session, admin)


Editing = Annotated[Change, Depends(_editing)]
"""An admin's change of the workspace, which is locked."""
Creating = Annotated[Change, Depends(_creating)]
"""The same for a change that creates something: it honours `Idempotency-Key`."""


async def _key_admin(admin: Admin) -> Principal:
    if admin.key_id is not None:
        raise PersonNeededError("Use a token: a key that leaks must not make another.")
    return admin


KeyAdmin = Annotated[Principal, Depends(_key_admin)]
"""An admin who is no API key."""


async def _managing_keys(session: WorkspaceSession, admin: KeyAdmin) -> Change:
    actor = Actor(subject=admin.subject, role=admin.role)
    return await begin_change(session, admin.workspace_id, actor)


ManagingKeys = Annotated[Change, Depends(_managing_keys)]
"""A person's change of the workspace's keys."""


async def _locked(persona_id: UUID, change: Editing, if_match: OptionalIfMatch) -> Persona:
    return await _as_read(change, persona_id, if_match)


async def _locked_as_read(persona_id: UUID, change: Editing, if_match: RequiredIfMatch) -> Persona:
    return await _as_read(change, persona_id, if_match)


async def _as_read(change: Change, persona_id: UUID, if_match: IfMatch) -> Persona:
    persona = await personas.get(change.session, change.workspace_id, persona_id)
    current = PersonaDocument.of(persona, change.default_persona_id)
    if_match.require(persona.version, current.model_dump(mode="json"))
    return persona


LockedPersona = Annotated[Persona, Depends(_locked)]
"""The persona of the path, locked, as the caller has read it if it sends `If-Match`."""
LockedPersonaAsRead = Annotated[Persona, Depends(_locked_as_read)]
"""The same where `If-Match` is required."""


def persona_answer(persona: Persona, workspace: Workspace, response: Response) -> PersonaDocument:
    """Return the persona's document, with its version as the ETag."""
    response.headers["ETag"] = etag(persona.version)
    return PersonaDocument.of(persona, workspace.default_persona_id)


def created_answer(persona: Persona, workspace: Workspace, response: Response) -> PersonaDocument:
    """Return the document of a new persona, and tell where it is."""
    response.headers["Location"] = f"/api/personas/{persona.persona_id}"
    return persona_answer(persona, workspace, response)
