"""Publish what a command changed: documents, the legacy mirror, events, the audit trail.

The workspace's revision rises once per command that changes anything visible (events.md §4).
"""

from dataclasses import replace
from uuid import UUID

from persona_contracts import CampaignState, WorkspaceState
from service_kit import audit
from service_kit.outbox import publish

from persona_svc.adapters import personas, state_documents, workspaces
from persona_svc.adapters.state_documents import StateDocument
from persona_svc.domain.campaign import Campaign
from persona_svc.domain.compiled import CompiledPersona
from persona_svc.domain.spoken import require_speakable
from persona_svc.domain.workspace import Workspace
from persona_svc.domain.workspace_settings import WorkspaceSettings, mirror
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.describe_change import describe_change


async def publish_change(change: Change, action: str) -> None:
    """Store the new revision of all that `change` makes visible, and its events; always last.

    The default persona's fields are mirrored into the legacy settings in the same transaction,
    also when only an ancestor of it changed (A13, N6). `action` names the command in the audit
    trail.

    Raises:
        InvalidError: a persona, or one that inherits from it, would break a rule of inheritance
            or of size, or talks and has a variable that no call fills; the text names it (B8, B16).
    """
    if change.is_empty():
        return
    before = change.workspace
    compiled = await _compile_affected(change)
    after = before.changed(
        default_persona_id=change.default_persona_id, settings=await _mirrored(change, compiled)
    )
    changed_settings = before.changed_settings(after)
    await workspaces.save(change.session, after)
    change.workspace = after
    documents = _documents(change, compiled, with_workspace=bool(changed_settings))
    await state_documents.save_all(change.session, change.workspace_id, documents)
    events, trail = describe_change(change, action, compiled, changed_settings)
    await audit.add_all(change.session, trail)
    causes = {event.entity_id: change.correlation_id for event in events}
    await publish(change.session, *events, causes=causes)


async def _compile_affected(change: Change) -> dict[UUID, CompiledPersona]:
    """Compile what changed and all that inherits from it, at the new revision."""
    touched = [*change.created, *change.undeleted, *(after for _, after in change.updated)]
    if not touched:
        return {}
    ids = [persona.persona_id for persona in touched]
    family = await personas.family(change.session, change.workspace_id, ids)
    compiled = {
        item.persona_id: replace(item, revision=change.revision)
        for persona_id in ids
        for item in family.compile_with_descendants(persona_id)
    }
    for item in compiled.values():
        require_speakable(item)
    await personas.set_revision(change.session, compiled, change.revision)
    return compiled


async def _mirrored(change: Change, compiled: dict[UUID, CompiledPersona]) -> WorkspaceSettings:
    """Return the settings with the default persona's values in the legacy fields."""
    default_id = change.default_persona_id
    if default_id is None:
        return change.settings
    default = compiled.get(default_id)
    if default is None:
        default = await personas.get_compiled(change.session, change.workspace_id, default_id)
    return mirror(change.settings, default)


def _documents(
    change: Change, compiled: dict[UUID, CompiledPersona], *, with_workspace: bool
) -> list[StateDocument]:
    revision = change.workspace.revision
    documents = [
        StateDocument(kind="persona", entity_id=str(persona_id), body=persona.as_dict())
        for persona_id, persona in compiled.items()
    ]
    documents += [_campaign(campaign, revision) for campaign in change.campaigns.values()]
    if with_workspace:
        documents.append(_workspace(change.workspace))
    # Those of erased personas say nothing new: whoever waits for the revision sees it come.
    gone = [*(deleted.persona.persona_id for deleted in change.deleted), *change.erased]
    documents += [StateDocument.tombstone("persona", str(each), revision) for each in gone]
    return documents


def _campaign(campaign: Campaign, revision: int) -> StateDocument:
    if not campaign.assignments:
        return StateDocument.tombstone("campaign", campaign.campaign_id, revision)
    state = CampaignState(
        campaign_id=campaign.campaign_id,
        name=campaign.name,
        assignments={**campaign.by_channel()},
        revision=revision,
    )
    return StateDocument(
        kind="campaign", entity_id=campaign.campaign_id, body=state.model_dump(mode="json")
    )


def _workspace(workspace: Workspace) -> StateDocument:
    state = WorkspaceState(
        **workspace.settings.as_dict(),
        default_persona_id=workspace.default_persona_id,
        revision=workspace.revision,
    )
    return StateDocument(
        kind="workspace", entity_id=workspace.workspace_id, body=state.model_dump(mode="json")
    )
