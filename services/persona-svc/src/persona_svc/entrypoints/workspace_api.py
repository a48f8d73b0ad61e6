"""REST: settings, resolution and the audit trail of a workspace."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from persona_client import resolve_in
from persona_contracts import SUBJECT_ID_PATTERN, Channel
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch, etag
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import audit, state_documents, workspaces
from persona_svc.adapters.starters import starters
from persona_svc.adapters.tables import WorkspaceRow
from persona_svc.domain.workspace import WorkspaceSettings
from persona_svc.entrypoints.commands import Editing
from persona_svc.entrypoints.schemas import (
    AuditEntry,
    ResolutionDocument,
    SettingsDocument,
    SettingsPatch,
    StarterDocument,
)
from persona_svc.usecases.update_settings import update_settings

router = api_router("/api", "workspace")


@router.get("/workspace/settings", operation_id="getWorkspaceSettings", summary="Show the settings")
async def show_settings(
    viewer: Viewer, session: WorkspaceSession, response: Response
) -> SettingsDocument:
    """Return the workspace's settings; the first seven mirror the default persona."""
    return _settings(await workspaces.read(session, viewer.workspace_id), response)


@router.put(
    "/workspace/settings",
    operation_id="updateWorkspaceSettings",
    summary="Change the settings",
    responses=problem_responses(404, 409, 412),
)
async def change_settings(
    patch: SettingsPatch, commands: Editing, if_match: OptionalIfMatch, response: Response
) -> SettingsDocument:
    """Change the settings that are named.

    With a default persona, the seven mirrored ones change that persona.
    """
    async with commands.begin("workspace.update_settings") as change:
        current = _settings(change.workspace, response)
        if_match.require(current.revision, current.model_dump(mode="json"))
        await update_settings(change, patch.model_dump(exclude_unset=True))
    return _settings(change.workspace, response)


def _settings(workspace: WorkspaceRow, response: Response) -> SettingsDocument:
    response.headers["ETag"] = etag(workspace.settings_revision)
    return SettingsDocument(
        **WorkspaceSettings.from_dict(workspace.settings).as_dict(),
        default_persona_id=workspace.default_persona_id,
        revision=workspace.settings_revision,
    )


class _Question:
    """Whom a resolution is asked for."""

    def __init__(
        self,
        campaign_id: Annotated[str | None, Query(pattern=SUBJECT_ID_PATTERN)] = None,
        sequence_persona_id: UUID | None = None,
        channel: Channel = Channel.EMAIL,
        *,
        explain: Annotated[bool, Query(description="Also say what each tier said.")] = False,
    ) -> None:
        self.campaign_id = campaign_id
        self.sequence_persona_id = sequence_persona_id
        self.channel = channel
        self.explain = explain


@router.get("/resolve", operation_id="resolvePersona", summary="Ask which persona speaks")
async def resolve(
    question: Annotated[_Question, Depends()],
    viewer: Viewer,
    session: WorkspaceSession,
) -> ResolutionDocument:
    """Return which persona would speak, and why: the same code that every consumer runs."""
    view = await state_documents.view(
        session, viewer.workspace_id, question.campaign_id, question.sequence_persona_id
    )
    choice = resolve_in(
        view,
        campaign_id=question.campaign_id,
        sequence_persona_id=question.sequence_persona_id,
        channel=question.channel,
    )
    document = ResolutionDocument(
        tier=choice.tier,
        reason=choice.reason,
        persona_id=choice.persona.persona_id if choice.persona else None,
        version=choice.persona.version if choice.persona else None,
        revision=choice.revision,
        sender_name=choice.sender_name,
        skipped=[
            {"tier": item.tier, "persona_id": str(item.persona_id), "reason": item.reason}
            for item in choice.skipped
        ],
        field_sources=dict(choice.field_sources),
    )
    if question.explain:
        document.values = {name: getattr(choice, name) for name in choice.field_sources}
        document.considered = _considered(document)
    return document


TIERS = ("sequence", "campaign", "default", "settings", "none")


def _considered(document: ResolutionDocument) -> list[dict[str, str | None]]:
    """Say of each tier down to the one that chose what became of it."""
    skipped = {item["tier"]: item for item in document.skipped}
    said: list[dict[str, str | None]] = []
    for tier in TIERS[: TIERS.index(document.tier)]:
        found = skipped.get(tier)
        outcome = found["reason"] if found else "NOT_SET"
        persona_id = found["persona_id"] if found else None
        said.append({"tier": tier, "outcome": outcome, "persona_id": persona_id})
    chosen = str(document.persona_id) if document.persona_id else None
    return [*said, {"tier": document.tier, "outcome": "CHOSEN", "persona_id": chosen}]


@router.get("/starters", operation_id="listStarters", summary="List the archetypes to start from")
async def list_starters(_: Viewer) -> Page[StarterDocument]:
    """Return the personas that come with the product; import one with its `starter_id`."""
    documents = [
        StarterDocument(
            starter_id=item.starter_id,
            name=item.persona.fields.name,
            description=item.persona.fields.description,
            markdown=item.text,
        )
        for item in starters().values()
    ]
    return Page(items=documents, next=None)


@router.get(
    "/audit", operation_id="listAuditEntries", summary="Show who changed what, newest first"
)
async def show_audit(
    viewer: Viewer,
    session: WorkspaceSession,
    paging: Paging,
    entity_id: Annotated[str | None, Query(max_length=255)] = None,
) -> Page[AuditEntry]:
    """Return the audit trail, of one persona or campaign if `entity_id` is given."""
    position = paging.after(tuple[UUID])
    rows = await audit.page(
        session,
        viewer.workspace_id,
        entity_id,
        position[0] if position else None,
        paging.limit + 1,
    )
    return paging.page([AuditEntry.of(row) for row in rows], lambda entry: (entry.audit_id,))
