"""REST: the follow-up settings of a workspace, and its suppression list."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from service_kit.identity import Admin, Editor, Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch
from service_kit.problem import problem_responses
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router

from followup_svc.adapters import leads, workspaces
from followup_svc.adapters.workspaces import DEFAULTS
from followup_svc.entrypoints.instance_schemas import (
    SettingsDocument,
    SettingsRequest,
    Suppressing,
    SuppressionDocument,
)
from followup_svc.usecases.heed_leads import suppress

settings = api_router("/api/followup-settings", "settings")
suppressions = api_router("/api/suppressions", "suppressions")


@settings.get("", operation_id="getFollowupSettings", summary="Show the follow-up settings")
async def show_settings(
    viewer: Viewer, session: WorkspaceSession, response: Response
) -> SettingsDocument:
    """Return the settings of this workspace; the defaults if it has saved none."""
    document = await _settings(session, viewer.workspace_id)
    response.headers["ETag"] = document.tag
    return document


@settings.put(
    "",
    operation_id="updateFollowupSettings",
    summary="Replace the follow-up settings",
    responses=problem_responses(412),
)
async def replace_settings(
    wanted: SettingsRequest,
    admin: Admin,
    session: WorkspaceSession,
    if_match: OptionalIfMatch,
    response: Response,
) -> SettingsDocument:
    """Store the settings. What is planned keeps its time; the window is looked at again then."""
    before = await _settings(session, admin.workspace_id)
    if_match.require(before.version, before.model_dump(mode="json", by_alias=True))
    await workspaces.save_settings(session, admin.workspace_id, wanted.settings())
    document = await _settings(session, admin.workspace_id)
    response.headers["ETag"] = document.tag
    return document


@suppressions.get(
    "",
    operation_id="listSuppressions",
    summary="List leads that must not be written to, newest first",
)
async def list_suppressions(
    _: Viewer,
    session: WorkspaceSession,
    paging: Paging,
    lead_id: Annotated[
        str | None, Query(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")
    ] = None,
) -> Page[SuppressionDocument]:
    """Return the suppression list of this workspace."""
    position = paging.after(tuple[UUID])
    rows = await leads.page_of_suppressions(
        session, lead_id, position[0] if position else None, paging.limit + 1
    )
    documents = [SuppressionDocument.of(row) for row in rows]
    return paging.page(documents, lambda document: (document.suppression_id,))


@suppressions.post("", operation_id="createSuppression", status_code=201, summary="Suppress a lead")
async def add_suppression(
    wanted: Suppressing, editor: Editor, session: IdempotentSession
) -> SuppressionDocument:
    """Put a lead onto the list, and stop all that is on its way to it; twice is once."""
    key = (editor.workspace_id, wanted.lead_id)
    await leads.lock(session, [key])
    await suppress(session, [key], reason=wanted.reason, by=editor.subject)
    return SuppressionDocument.of(await leads.suppression_of(session, key))


@suppressions.delete(
    "/{suppression_id}",
    operation_id="deleteSuppression",
    status_code=204,
    summary="Take a lead off the list",
    responses=problem_responses(404),
)
async def remove_suppression(suppression_id: UUID, _: Admin, session: WorkspaceSession) -> None:
    """Allow the lead to be started again; what was stopped stays so."""
    await leads.unsuppress(session, suppression_id)


async def _settings(session: WorkspaceSession, workspace_id: str) -> SettingsDocument:
    found = await workspaces.settings_of(session, [workspace_id])
    return SettingsDocument.of(found.get(workspace_id, DEFAULTS))
