"""REST: the follow-up settings of a workspace."""

from fastapi import Response
from service_kit.identity import Admin, Viewer
from service_kit.preconditions import etag
from service_kit.problem import problem_responses
from service_kit.response_headers import Tagged
from service_kit.routing import WorkspaceSession, api_router

from followup_svc.adapters import followup_settings
from followup_svc.domain.followup_settings import FollowupSettings
from followup_svc.entrypoints.dependencies import LockedSettings
from followup_svc.entrypoints.schemas.settings import SaveSettingsRequest, SettingsDocument
from followup_svc.usecases.save_settings import save_settings

router = api_router("/api/followup-settings", "settings")


@router.get("", operation_id="getFollowupSettings", summary="Show the follow-up settings")
async def show(viewer: Viewer, session: WorkspaceSession, response: Tagged) -> SettingsDocument:
    """Return the settings of this workspace; the defaults if it has saved none."""
    return _document(await followup_settings.get(session, viewer.workspace_id), response)


@router.put(
    "",
    operation_id="updateFollowupSettings",
    summary="Replace the follow-up settings",
    responses=problem_responses(412),
)
async def replace(
    settings: LockedSettings,
    body: SaveSettingsRequest,
    admin: Admin,
    session: WorkspaceSession,
    response: Tagged,
) -> SettingsDocument:
    """Store the settings. What is planned keeps its time; the window is looked at again then."""
    saved = await save_settings(session, admin.workspace_id, settings, body.settings())
    return _document(saved, response)


def _document(settings: FollowupSettings, response: Response) -> SettingsDocument:
    response.headers["ETag"] = etag(settings.version)
    return SettingsDocument.of(settings)
