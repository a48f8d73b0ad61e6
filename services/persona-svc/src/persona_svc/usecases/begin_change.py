"""A command on a workspace that it holds locked, and what it has changed so far."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service_kit.store import Session, database_now

from persona_svc.adapters import workspaces
from persona_svc.domain.campaign import Campaign, Reassignment
from persona_svc.domain.persona import DeletedPersona, Persona
from persona_svc.domain.workspace import Workspace
from persona_svc.domain.workspace_settings import WorkspaceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who gave the command, and with which role."""

    subject: str
    role: str


SYSTEM = Actor(subject="persona-svc", role="persona-svc")
"""Who gives the commands that time gives."""
CRM = Actor(subject="crm", role="system")


@dataclass(slots=True, kw_only=True)
class Change:
    """What one command has changed in a workspace that it holds locked."""

    session: Session
    actor: Actor
    at: datetime
    workspace: Workspace
    """As it was when it was locked; when the change is published, as it is now."""
    default_persona_id: UUID | None
    settings: WorkspaceSettings
    correlation_id: str | None
    """Of the event that gave the command."""
    created: list[Persona] = field(default_factory=list[Persona])
    updated: list[tuple[Persona, Persona]] = field(default_factory=list[tuple[Persona, Persona]])
    """(before, after) of each persona whose own fields changed."""
    deleted: list[DeletedPersona] = field(default_factory=list[DeletedPersona])
    undeleted: list[Persona] = field(default_factory=list[Persona])
    erased: list[UUID] = field(default_factory=list[UUID])
    reassigned: list[Reassignment] = field(default_factory=list[Reassignment])
    campaigns: dict[str, Campaign] = field(default_factory=dict[str, Campaign])
    """Those that readers must see as they are now, by id."""

    @property
    def revision(self) -> int:
        """The revision that this change will have."""
        return self.workspace.revision + 1

    @property
    def workspace_id(self) -> str:
        """The workspace."""
        return self.workspace.workspace_id

    def show_campaign(self, before: Campaign, after: Campaign) -> None:
        """Note that a campaign has changed, and who was reassigned in it."""
        self.campaigns[after.campaign_id] = after
        self.reassigned.extend(before.reassignments(after))

    def is_empty(self) -> bool:
        """Return whether nothing has changed that anybody can see."""
        personas = (self.created, self.updated, self.deleted, self.undeleted, self.erased)
        now = (self.default_persona_id, self.settings)
        same = now == (self.workspace.default_persona_id, self.workspace.settings)
        return same and not any(personas) and not self.campaigns


async def begin_change(
    session: Session, workspace_id: str, actor: Actor, *, correlation_id: str | None = None
) -> Change:
    """Lock the workspace and return a change in which nothing has changed yet."""
    workspace = await workspaces.lock(session, workspace_id)
    return Change(
        session=session,
        actor=actor,
        at=await database_now(session),
        workspace=workspace,
        default_persona_id=workspace.default_persona_id,
        settings=workspace.settings,
        correlation_id=correlation_id,
    )
