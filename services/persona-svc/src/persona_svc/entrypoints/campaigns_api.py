"""REST: campaigns and who speaks in them."""

from persona_contracts import SubjectId
from service_kit.identity import Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import campaigns
from persona_svc.entrypoints.dependencies import Editing
from persona_svc.entrypoints.schemas.campaign import (
    AssignPersonaRequest,
    AssignPersonasRequest,
    CampaignDocument,
)
from persona_svc.usecases.assign_personas import assign_personas

router = api_router("/api/campaigns", "campaigns")


@router.get("", operation_id="listCampaigns", summary="List campaigns")
async def list_campaigns(
    viewer: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[CampaignDocument]:
    """Return the campaigns that the CRM has synced, with the personas assigned to them."""
    found = await campaigns.page(session, viewer.workspace_id, paging.start_after(str), paging.rows)
    documents = [CampaignDocument.of(campaign) for campaign in found]
    return paging.page(documents, lambda document: document.campaign_id)


@router.put(
    "/{campaign_id}/persona",
    operation_id="assignPersona",
    summary="Assign a persona",
    responses=problem_responses(404),
)
async def assign(
    campaign_id: SubjectId, body: AssignPersonaRequest, change: Editing
) -> CampaignDocument:
    """Choose who speaks in a campaign, on every channel or on the one that is named.

    Null takes the choice back: a channel then has the campaign's persona, a campaign the
    workspace's default.
    """
    places = {(campaign_id, body.channel.value): body.persona_id}
    (campaign,) = await assign_personas(change, places, "campaign.assign")
    return CampaignDocument.of(campaign)


@router.post(
    "/assignments",
    operation_id="assignPersonas",
    summary="Assign personas to many campaigns",
    responses=problem_responses(404),
)
async def assign_many(body: AssignPersonasRequest, change: Editing) -> list[CampaignDocument]:
    """Make all the assignments, or none if one of them is not possible.

    The last one counts where a campaign and channel stand twice.
    """
    places = {(a.campaign_id, a.channel.value): a.persona_id for a in body.assignments}
    assigned = await assign_personas(change, places, "campaign.assign_many")
    return [CampaignDocument.of(campaign) for campaign in assigned]
