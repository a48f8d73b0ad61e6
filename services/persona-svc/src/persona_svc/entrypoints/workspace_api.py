"""REST: settings and resolution of a workspace."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from persona_client import resolve_in
from persona_contracts import Channel, SubjectId
from service_kit.identity import OF_OWN_PERSONAS, Viewer
from service_kit.paging import Page
from service_kit.preconditions import OptionalIfMatch, etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Tagged
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import state_documents, workspaces
from persona_svc.adapters.starters import starters
from persona_svc.domain.workspace import Workspace
from persona_svc.entrypoints.dependencies import Editing
from persona_svc.entrypoints.schemas.resolution import ResolutionDocument
from persona_svc.entrypoints.schemas.workspace import (
    SettingsDocument,
    StarterDocument,
    UpdateSettingsRequest,
)
from persona_svc.usecases.update_settings import update_settings

router = api_router("/api", "workspace")


@router.get("/workspace/settings", operation_id="getWorkspaceSettings", summary="Show the settings")
async def show_settings(
    viewer: Viewer, session: WorkspaceSession, response: Tagged
) -> SettingsDocument:
    """Return the workspace's settings; the first seven mirror the default persona."""
    return _settings(await workspaces.get(session, viewer.workspace_id), response)


@router.put(
    "/workspace/settings",
    operation_id="updateWorkspaceSettings",
    summary="Change the settings",
    responses=problem_responses(404, 409, 412),
)
async def change_settings(
    body: UpdateSettingsRequest, change: Editing, if_match: OptionalIfMatch, response: Tagged
) -> SettingsDocument:
    """Change the settings that are named.

    With a default persona, the seven mirrored ones change that persona.
    """
    current = SettingsDocument.of(change.workspace)
    if_match.require(current.revision, current.model_dump(mode="json"))
    workspace = await update_settings(change, body.model_dump(exclude_unset=True))
    return _settings(workspace, response)


def _settings(workspace: Workspace, response: Response) -> SettingsDocument:
    response.headers["ETag"] = etag(workspace.settings_revision)
    return SettingsDocument.of(workspace)


class _Question:
    """Whom a resolution is asked for."""

    def __init__(
        self,
        campaign_id: SubjectId | None = None,
        sequence_persona_id: UUID | None = None,
        channel: Channel = Channel.EMAIL,
        *,
        explain: Annotated[bool, Query(description="Also show every tier.")] = False,
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
    return ResolutionDocument.of(choice, explain=question.explain)


@router.get(
    "/starters",
    operation_id="listStarters",
    summary="List the archetypes to start from",
    dependencies=OF_OWN_PERSONAS,
)
async def list_starters(_: Viewer) -> Page[StarterDocument]:
    """Return the personas that come with the product; import one with its `starter_id`."""
    documents = [StarterDocument.of(starter) for starter in starters().values()]
    return Page(items=documents, next=None)
