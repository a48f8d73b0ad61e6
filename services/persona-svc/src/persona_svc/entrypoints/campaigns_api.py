"""REST: campaigns and who speaks in them."""

from typing import Annotated

from fastapi import Path
from persona_contracts import SUBJECT_ID_PATTERN
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router
from service_kit.store import Session

from persona_svc.adapters import campaigns
from persona_svc.entrypoints.commands import Editing
from persona_svc.entrypoints.schemas import Assignment, Assignments, CampaignDocument
from persona_svc.usecases.assign_personas import assign_personas

router = api_router("/api/campaigns", "campaigns")
CampaignId = Annotated[str, Path(pattern=SUBJECT_ID_PATTERN)]


@router.get("", operation_id="listCampaigns", summary="List campaigns")
async def list_campaigns(
    viewer: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[CampaignDocument]:
    """Return the campaigns that the CRM has synced, with the personas assigned to them."""
    position = paging.after(tuple[str])
    rows = await campaigns.page(
        session, viewer.workspace_id, position[0] if position else None, paging.limit + 1
    )
    assigned = await campaigns.assignments(
        session, viewer.workspace_id, [row.campaign_id for row in rows]
    )
    documents = [CampaignDocument.of(row, assigned.get(row.campaign_id, {})) for row in rows]
    return paging.page(documents, lambda document: (document.campaign_id,))


@router.put(
    "/{campaign_id}/persona",
    operation_id="assignPersona",
    summary="Assign a persona",
    responses=problem_responses(404),
)
async def assign(
    campaign_id: CampaignId, assignment: Assignment, commands: Editing
) -> CampaignDocument:
    """Choose who speaks in a campaign, on every channel or on the one that is named.

    Null takes the choice back: a channel then has the campaign's persona, a campaign the
    workspace's default.
    """
    place = (campaign_id, assignment.channel.value)
    async with commands.begin("campaign.assign") as change:
        await assign_personas(change, {place: assignment.persona_id})
    (document,) = await _documents(change.session, change.workspace_id, [campaign_id])
    return document


@router.post(
    "/assignments",
    operation_id="assignPersonas",
    summary="Assign personas to many campaigns",
    responses=problem_responses(404),
)
async def assign_many(wanted: Assignments, commands: Editing) -> list[CampaignDocument]:
    """Make all the assignments, or none if one of them is not possible.

    The last one counts where a campaign and channel stand twice.
    """
    places = {(a.campaign_id, a.channel.value): a.persona_id for a in wanted.assignments}
    async with commands.begin("campaign.assign_many") as change:
        await assign_personas(change, places)
    campaign_ids = sorted({campaign_id for campaign_id, _ in places})
    return await _documents(change.session, change.workspace_id, campaign_ids)


async def _documents(
    session: Session, workspace_id: str, campaign_ids: list[str]
) -> list[CampaignDocument]:
    rows = await campaigns.require(session, workspace_id, campaign_ids)
    assigned = await campaigns.assignments(session, workspace_id, campaign_ids)
    return [CampaignDocument.of(rows[i], assigned.get(i, {})) for i in campaign_ids]
