"""Publish what a command changed: documents, the legacy mirror, events, the audit trail.

The workspace's revision rises once per command that changes anything visible (events.md §4).
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from persona_contracts import CampaignState, WorkspaceState
from service_kit.outbox import publish
from service_kit.store import Session

from persona_svc.adapters import campaigns, personas, state_documents
from persona_svc.adapters.state_documents import StateDocument
from persona_svc.domain.campaign import by_channel
from persona_svc.domain.compiled import CompiledPersona
from persona_svc.domain.workspace import WorkspaceSettings, mirror
from persona_svc.usecases.change import Change
from persona_svc.usecases.describe_change import audit_of, events_of


async def publish_change(change: Change) -> None:
    """Write the new revision of everything that `change` makes visible, and its events.

    The default persona's fields are mirrored into the legacy settings in the same transaction,
    also when only an ancestor of it changed (A13, N6).

    Raises:
        InvalidError: a persona, or one that inherits from it, would break a rule of inheritance
            or of size; the text names it (B8, B16).
    """
    workspace, before = change.workspace, WorkspaceSettings.from_dict(change.workspace.settings)
    default_moved = change.default_persona_id != workspace.default_persona_id
    if not (_has_changes(change) or default_moved or change.settings != before):
        return
    workspace.revision += 1
    workspace.default_persona_id = change.default_persona_id
    compiled = await _compile_affected(change)
    settings = await _mirrored(change, compiled)
    changed = [
        name for name, value in settings.as_dict().items() if before.as_dict()[name] != value
    ]
    if default_moved:
        changed = ["default_persona_id", *changed]
    if changed:
        workspace.settings = settings.as_dict()
        workspace.settings_revision = workspace.revision
    documents = await _documents(change, compiled, settings if changed else None)
    await state_documents.save_all(change.session, change.workspace_id, documents)
    change.session.add_all(audit_of(change, changed))
    await change.session.flush()
    await publish(change.session, *events_of(change, compiled, settings, changed))


async def compiled_now(session: Session, workspace_id: str, persona_id: UUID) -> CompiledPersona:
    """Return a persona as it is published now.

    Raises:
        PersonaNotFoundError: there is none with that id.
    """
    await personas.load(session, workspace_id, persona_id)
    return (await personas.family(session, workspace_id, [persona_id])).compile(persona_id)


def _has_changes(change: Change) -> bool:
    parts = (change.created, change.updated, change.deleted, change.reassigned)
    return any(parts) or bool(change.renamed_campaigns)


async def _compile_affected(change: Change) -> dict[UUID, CompiledPersona]:
    """Compile what changed and all that inherits from it, at the new revision."""
    touched = [*change.created, *(after for _, after in change.updated)]
    if not touched:
        return {}
    ids = [persona.persona_id for persona in touched]
    family = await personas.family(change.session, change.workspace_id, ids)
    compiled = {
        item.persona_id: replace(item, revision=change.workspace.revision)
        for persona_id in ids
        for item in family.compile_with_descendants(persona_id)
    }
    await personas.set_revision(change.session, compiled, change.workspace.revision)
    return compiled


async def _mirrored(change: Change, compiled: dict[UUID, CompiledPersona]) -> WorkspaceSettings:
    """Return the settings with the default persona's values in the legacy fields."""
    default_id = change.default_persona_id
    if default_id is None:
        return change.settings
    default = compiled.get(default_id)
    if default is None:
        default = await compiled_now(change.session, change.workspace_id, default_id)
    return mirror(change.settings, default)


async def _documents(
    change: Change, compiled: dict[UUID, CompiledPersona], settings: WorkspaceSettings | None
) -> list[StateDocument]:
    revision = change.workspace.revision
    documents = [
        StateDocument(kind="persona", entity_id=str(persona_id), body=persona.as_dict())
        for persona_id, persona in compiled.items()
    ]
    documents += await _campaign_documents(change)
    if settings is not None:
        documents.append(_workspace_document(change, settings))
    documents += [
        StateDocument.tombstone("persona", str(persona.persona_id), revision)
        for persona in change.deleted
    ]
    return documents


async def _campaign_documents(change: Change) -> list[StateDocument]:
    campaign_ids = {item.campaign_id for item in change.reassigned} | set(change.renamed_campaigns)
    if not campaign_ids:
        return []
    names = await campaigns.names(change.session, change.workspace_id, campaign_ids)
    assigned = await campaigns.assignments(change.session, change.workspace_id, campaign_ids)
    revision = change.workspace.revision
    return [
        _campaign_document(campaign_id, names[campaign_id], assigned[campaign_id], revision)
        if campaign_id in assigned
        else StateDocument.tombstone("campaign", campaign_id, revision)
        for campaign_id in campaign_ids
    ]


def _campaign_document(
    campaign_id: str, name: str, assignments: Mapping[str, UUID], revision: int
) -> StateDocument:
    state = CampaignState(
        campaign_id=campaign_id,
        name=name,
        assignments={**by_channel(assignments)},
        revision=revision,
    )
    return StateDocument(kind="campaign", entity_id=campaign_id, body=state.model_dump(mode="json"))


def _workspace_document(change: Change, settings: WorkspaceSettings) -> StateDocument:
    state = WorkspaceState(
        **settings.as_dict(),
        default_persona_id=change.workspace.default_persona_id,
        revision=change.workspace.revision,
    )
    return StateDocument(
        kind="workspace", entity_id=change.workspace_id, body=state.model_dump(mode="json")
    )
