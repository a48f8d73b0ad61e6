"""What routes of this service share: a command's beginning, its end, its answer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from service_kit.clock import utc_now
from service_kit.identity import Admin, Principal
from service_kit.preconditions import IfMatch, etag
from service_kit.routing import IdempotentSession, WorkspaceSession
from service_kit.store import Session

from persona_svc.adapters import personas, workspaces
from persona_svc.domain.persona import Persona
from persona_svc.entrypoints.schemas import PersonaDocument
from persona_svc.usecases.change import Actor, Change, begin_change
from persona_svc.usecases.publish_change import publish_change


class Commands:
    """Begins commands in the request's transaction, in the name of the caller."""

    def __init__(self, session: Session, admin: Principal) -> None:
        self._session = session
        self._admin = admin

    @asynccontextmanager
    async def begin(self, action: str) -> AsyncGenerator[Change]:
        """Give a change to make; what it made is published when the block ends."""
        actor = Actor(subject=self._admin.subject, role=self._admin.role, at=utc_now())
        change = await begin_change(self._session, self._admin.workspace_id, actor, action)
        yield change
        await publish_change(change)


async def _commands(session: WorkspaceSession, admin: Admin) -> Commands:
    return Commands(session, admin)


async def _creating(session: IdempotentSession, admin: Admin) -> Commands:
    return Commands(session, admin)


Editing = Annotated[Commands, Depends(_commands)]
"""For an admin's changes."""
Creating = Annotated[Commands, Depends(_creating)]
"""For an admin's changes that create something; they honour `Idempotency-Key`."""


async def persona_answer(
    session: Session, workspace_id: str, persona_id: UUID, response: Response
) -> PersonaDocument:
    """Return the persona as it is stored now, with its version as the ETag.

    Raises:
        PersonaNotFoundError: there is none with that id.
    """
    persona = await personas.load(session, workspace_id, persona_id)
    workspace = await workspaces.read(session, workspace_id)
    response.headers["ETag"] = etag(persona.version)
    return PersonaDocument.of(persona, workspace.default_persona_id)


def created_at(response: Response, persona_id: UUID) -> None:
    """Tell where the new persona is."""
    response.headers["Location"] = f"/api/personas/{persona_id}"


async def matching(
    change: Change, persona_id: UUID, if_match: IfMatch, response: Response
) -> Persona:
    """Return the persona that the caller has read.

    Raises:
        PersonaNotFoundError: there is none with that id.
        OutdatedError: it has changed since; the problem carries it as it is now.
    """
    current = await persona_answer(change.session, change.workspace_id, persona_id, response)
    if_match.require(current.version, current.model_dump(mode="json"))
    return await personas.load(change.session, change.workspace_id, persona_id)


async def answer(change: Change, persona: Persona, response: Response) -> PersonaDocument:
    """Return what a finished command made of `persona`."""
    return await persona_answer(change.session, change.workspace_id, persona.persona_id, response)
