"""Publish what a command changed: state documents, the legacy mirror, events, the audit trail.

Every command locks the workspace, changes rows, and ends here. The workspace's revision rises once
per command that changes anything visible (events.md §4).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from persona_contracts import (
    AssignmentChangedV1,
    CampaignState,
    Channel,
    OwnEvent,
    PersonaCreatedV1,
    PersonaDeletedV1,
    PersonaUpdatedV1,
    ResolvedPersona,
    WorkspaceState,
    WorkspaceUpdatedV1,
)
from persona_contracts import WorkspaceSettings as SettingsDocument
from service_kit.ids import new_id
from service_kit.outbox import publish
from service_kit.store import Session

from persona_svc.adapters import campaigns, personas, state_documents
from persona_svc.adapters.tables import AuditRow, WorkspaceRow
from persona_svc.domain.inheritance import ancestors_of, descendants_of, resolve
from persona_svc.domain.persona import Persona, changed_fields, changes_summary
from persona_svc.domain.workspace import WorkspaceSettings, mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who gave the command, with which role, and when."""

    subject: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassignment:
    """Another persona, or none, speaks in a campaign on a channel."""

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

    @property
    def workspace_id(self) -> str:
        """The workspace."""
        return self.workspace.workspace_id


async def publish_change(change: Change) -> dict[UUID, ResolvedPersona]:
    """Write the new revision of everything that `change` makes visible, and its events.

    The default persona's fields are mirrored into the legacy settings in the same transaction,
    also when only an ancestor of it changed (A13, N6). Returns the personas resolved anew.

    Raises:
        PersonaTooLargeError: one would compile to more than its limit; the text names it (B16).
    """
    workspace, before = change.workspace, WorkspaceSettings.from_dict(change.workspace.settings)
    default_moved = change.default_persona_id != workspace.default_persona_id
    if not (_has_events(change) or default_moved or change.settings != before):
        return {}
    workspace.revision += 1
    workspace.default_persona_id = change.default_persona_id
    resolved = await _resolve_affected(change)
    for persona_id, document in resolved.items():
        await state_documents.put(
            change.session, change.workspace_id, "persona", str(persona_id), _body(document)
        )
    await _put_campaigns(change)
    settings = await _mirrored(change, resolved)
    changed = before.changed_fields(settings)
    if default_moved:
        changed = ["default_persona_id", *changed]
    if changed:
        await _put_workspace(change, settings)
    for persona in change.deleted:
        await state_documents.bury(
            change.session,
            change.workspace_id,
            "persona",
            str(persona.persona_id),
            workspace.revision,
        )
    change.session.add_all(_audit(change, changed))
    await change.session.flush()
    await publish(change.session, *_events(change, resolved, settings, changed))
    return resolved


def _has_events(change: Change) -> bool:
    return bool(change.created or change.updated or change.deleted or change.reassigned)


async def _resolve_affected(change: Change) -> dict[UUID, ResolvedPersona]:
    """Resolve what changed and all that inherits from it, at the new revision."""
    touched = [*change.created, *(after for _, after in change.updated)]
    if not touched:
        return {}
    ids = [persona.persona_id for persona in touched]
    family = await personas.family(change.session, change.workspace_id, ids)
    affected = {*ids, *(d.persona_id for i in ids for d in descendants_of(i, family))}
    resolved: dict[UUID, ResolvedPersona] = {}
    for persona_id in sorted(affected):
        persona = replace(family[persona_id], revision=change.workspace.revision)
        await personas.save(change.session, persona)
        resolved[persona_id] = ResolvedPersona.model_validate(
            resolve(persona, ancestors_of(persona, family))
        )
    return resolved


async def _mirrored(change: Change, resolved: dict[UUID, ResolvedPersona]) -> WorkspaceSettings:
    """Return the settings with the default persona's values in the legacy fields."""
    default_id = change.default_persona_id
    if default_id is None:
        return change.settings
    document = resolved.get(default_id)
    if document is None:
        document = await resolved_now(change.session, change.workspace_id, default_id)
    return mirror(change.settings, document.model_dump())


async def resolved_now(session: Session, workspace_id: str, persona_id: UUID) -> ResolvedPersona:
    """Return a persona as it is published now.

    Raises:
        PersonaNotFoundError: there is none with that id.
    """
    family = await personas.family(session, workspace_id, [persona_id])
    if persona_id not in family:
        raise personas.PersonaNotFoundError(f"no persona {persona_id} in this workspace")
    persona = family[persona_id]
    return ResolvedPersona.model_validate(resolve(persona, ancestors_of(persona, family)))


async def _put_campaigns(change: Change) -> None:
    places = {item.campaign_id for item in change.reassigned}
    if not places:
        return
    names = await campaigns.names(change.session, change.workspace_id, places)
    assigned = await campaigns.assignments(change.session, change.workspace_id, places)
    revision = change.workspace.revision
    for campaign_id in sorted(places):
        key = (change.session, change.workspace_id, "campaign", campaign_id)
        if campaign_id not in assigned:
            await state_documents.bury(*key, revision)
            continue
        document = CampaignState(
            campaign_id=campaign_id,
            name=names[campaign_id],
            assignments={Channel(c): p for c, p in assigned[campaign_id].items()},
            revision=revision,
        )
        await state_documents.put(*key, document.model_dump(mode="json"))


async def _put_workspace(change: Change, settings: WorkspaceSettings) -> None:
    workspace = change.workspace
    workspace.settings = settings.as_dict()
    workspace.settings_revision = workspace.revision
    document = WorkspaceState(
        **settings.as_dict(),
        default_persona_id=workspace.default_persona_id,
        revision=workspace.revision,
    )
    await state_documents.put(
        change.session,
        change.workspace_id,
        "workspace",
        change.workspace_id,
        document.model_dump(mode="json"),
    )


def _body(document: ResolvedPersona) -> dict[str, object]:
    return document.model_dump(mode="json")


def _events(
    change: Change,
    resolved: dict[UUID, ResolvedPersona],
    settings: WorkspaceSettings,
    changed: list[str],
) -> Iterator[OwnEvent]:
    always = {"workspace_id": change.workspace_id, "occurred_at": change.actor.at}
    revision = {"revision": change.workspace.revision}
    for persona in change.created:
        yield PersonaCreatedV1(
            **always,
            **revision,
            persona=resolved[persona.persona_id],
            version=persona.version,
            changed_fields=persona.fields.set_fields(),
            changed_by=change.actor.subject,
        )
    for before, after in change.updated:
        yield PersonaUpdatedV1(
            **always,
            **revision,
            persona=resolved[after.persona_id],
            version=after.version,
            changed_fields=changed_fields(before.fields, after.fields),
            changed_by=change.actor.subject,
            summary=changes_summary(before.fields, after.fields),
        )
    for persona in change.deleted:
        yield PersonaDeletedV1(
            **always, **revision, persona_id=persona.persona_id, changed_by=change.actor.subject
        )
    for item in change.reassigned:
        yield AssignmentChangedV1(
            **always,
            **revision,
            campaign_id=item.campaign_id,
            channel=Channel(item.channel),
            persona_id=item.after,
            previous_persona_id=item.before,
        )
    if changed:
        document = SettingsDocument(
            **settings.as_dict(), default_persona_id=change.default_persona_id
        )
        yield WorkspaceUpdatedV1(**always, **revision, settings=document, changed_fields=changed)


def _audit(change: Change, changed_settings: list[str]) -> Iterator[AuditRow]:
    def row(
        entity: str, entity_id: str, versions: tuple[int | None, int | None], summary: str | None
    ) -> AuditRow:
        return AuditRow(
            audit_id=new_id(),
            workspace_id=change.workspace_id,
            at=change.actor.at,
            actor=change.actor.subject,
            role=change.actor.role,
            action=change.action,
            entity=entity,
            entity_id=entity_id,
            before_version=versions[0],
            after_version=versions[1],
            summary=summary,
        )

    for persona in change.created:
        yield row("persona", str(persona.persona_id), (None, persona.version), persona.fields.name)
    for before, after in change.updated:
        yield row(
            "persona",
            str(after.persona_id),
            (before.version, after.version),
            changes_summary(before.fields, after.fields),
        )
    for persona in change.deleted:
        yield row("persona", str(persona.persona_id), (persona.version, None), persona.fields.name)
    for item in change.reassigned:
        said = f"{item.channel}: {item.before or 'default'} → {item.after or 'default'}"
        yield row("campaign", item.campaign_id, (None, None), said)
    if changed_settings:
        said = f"changed {', '.join(changed_settings)}"
        yield row("workspace", change.workspace_id, (None, None), said)
