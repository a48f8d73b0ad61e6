"""REST: which language models a workspace uses."""

from typing import Annotated

from fastapi import Path, Response
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch, etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Tagged
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import model_policies, workspaces
from persona_svc.domain.model_policy import ModelPolicy
from persona_svc.entrypoints.dependencies import Editing
from persona_svc.entrypoints.schemas.models import (
    ModelsDocument,
    ModelsVersionDocument,
    SetModelsRequest,
)
from persona_svc.usecases.begin_change import Change
from persona_svc.usecases.update_models import update_models

router = api_router("/api/workspace/models", "workspace")
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("", operation_id="getModels", summary="Show which models are used")
async def show(viewer: Viewer, session: WorkspaceSession, response: Tagged) -> ModelsDocument:
    """Return the models that are allowed, which one does what, and the limits."""
    workspace = await workspaces.get(session, viewer.workspace_id)
    number = await model_policies.newest(session, viewer.workspace_id)
    return _answer(workspace.settings.models, number, response)


@router.put(
    "",
    operation_id="setModels",
    summary="Set which models are used",
    responses=problem_responses(412),
)
async def set_models(
    body: SetModelsRequest, change: Editing, if_match: OptionalIfMatch, response: Tagged
) -> ModelsDocument:
    """Let these hold from the next call of a model on, in every service."""
    await _require(change, if_match)
    policy = ModelPolicy.from_dict(body.model_dump())
    return _answer(policy, await update_models(change, policy), response)


@router.get(
    "/versions", operation_id="listModelsVersions", summary="List what held earlier, newest first"
)
async def list_versions(
    viewer: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[ModelsVersionDocument]:
    """Return every version, with who made it."""
    found = await model_policies.page(
        session, viewer.workspace_id, paging.start_after(int), paging.rows
    )
    documents = [ModelsVersionDocument.of(each) for each in found]
    return paging.page(documents, lambda document: document.version)


@router.post(
    "/versions/{version}/restore",
    operation_id="restoreModels",
    summary="Let an earlier version hold again",
    responses=problem_responses(404, 412),
)
async def restore(
    version: Version, change: Editing, if_match: OptionalIfMatch, response: Tagged
) -> ModelsDocument:
    """Make a new version that is equal to an earlier one."""
    await _require(change, if_match)
    earlier = await model_policies.get(change.session, change.workspace_id, version)
    return _answer(earlier.policy, await update_models(change, earlier.policy), response)


async def _require(change: Change, if_match: OptionalIfMatch) -> None:
    number = await model_policies.newest(change.session, change.workspace_id)
    current = ModelsDocument.of(change.settings.models, number)
    if_match.require(number, current.model_dump(mode="json"))


def _answer(policy: ModelPolicy, number: int, response: Response) -> ModelsDocument:
    response.headers["ETag"] = etag(number)
    return ModelsDocument.of(policy, number)
