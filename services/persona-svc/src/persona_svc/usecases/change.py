"""A command on a workspace that it holds locked, and what it has changed so far."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service_kit.store import Session

from persona_svc.adapters import workspaces
from persona_svc.adapters.tables import WorkspaceRow
from persona_svc.domain.persona import Persona
from persona_svc.domain.workspace import WorkspaceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who gave the command, with which role, and when."""

    subject: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassignment:
    """Another persona, or none, is assigned to a campaign, on one channel or on `any`."""

    campaign_id: str
    channel: str
    before: UUID | None
    after: UUID | None


@dataclass(slots=True, kw_only=True)
class Change:
    """What one command has changed in a workspace that it holds locked."""

    session: Session
    workspace: WorkspaceRow
    actor: Actor
    action: str
    default_persona_id: UUID | None
    settings: WorkspaceSettings
    created: list[Persona] = field(default_factory=list[Persona])
    updated: list[tuple[Persona, Persona]] = field(default_factory=list[tuple[Persona, Persona]])
    """(before, after) of each persona whose own fields changed."""
    deleted: list[Persona] = field(default_factory=list[Persona])
    reassigned: list[Reassignment] = field(default_factory=list[Reassignment])
    renamed_campaigns: list[str] = field(default_factory=list[str])

    @property
    def revision(self) -> int:
        """The revision that this change will have."""
        return self.workspace.revision + 1

    @property
    def workspace_id(self) -> str:
        """The workspace."""
        return self.workspace.workspace_id


async def begin_change(session: Session, workspace_id: str, actor: Actor, action: str) -> Change:
    """Lock the workspace and return a change in which nothing has changed yet."""
    workspace = await workspaces.lock(session, workspace_id)
    return Change(
        session=session,
        workspace=workspace,
        actor=actor,
        action=action,
        default_persona_id=workspace.default_persona_id,
        settings=WorkspaceSettings.from_dict(workspace.settings),
    )
