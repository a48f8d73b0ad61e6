"""REST: the suppression list of a workspace."""

from uuid import UUID

from persona_contracts import ExternalId
from service_kit.identity import Admin, Editor, Viewer
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router

from followup_svc.adapters import suppressions
from followup_svc.domain.lead import LeadKey
from followup_svc.entrypoints.schemas.suppressions import SuppressionDocument, SuppressLeadRequest
from followup_svc.usecases.suppress_leads import suppress_leads
from followup_svc.usecases.unsuppress_lead import unsuppress_lead

router = api_router("/api/suppressions", "suppressions")


@router.get(
    "",
    operation_id="listSuppressions",
    summary="List leads that must not be written to, newest first",
)
async def list_suppressions(
    _: Viewer,
    session: WorkspaceSession,
    paging: Paging,
    lead_id: ExternalId | None = None,
) -> Page[SuppressionDocument]:
    """Return the suppression list of this workspace."""
    found = await suppressions.page(session, lead_id, paging.start_after(UUID), paging.rows)
    documents = [SuppressionDocument.of(suppression) for suppression in found]
    return paging.page(documents, lambda document: document.suppression_id)


@router.post("", operation_id="createSuppression", status_code=201, summary="Suppress a lead")
async def suppress(
    body: SuppressLeadRequest, editor: Editor, session: IdempotentSession
) -> SuppressionDocument:
    """Put a lead onto the list, and stop all that is on its way to it; again changes nothing."""
    key = LeadKey(editor.workspace_id, body.lead_id)
    (suppression,) = await suppress_leads(session, [key], reason=body.reason, by=editor.subject)
    return SuppressionDocument.of(suppression)


@router.delete(
    "/{suppression_id}",
    operation_id="deleteSuppression",
    status_code=204,
    summary="Take a lead off the list",
    responses=problem_responses(404),
)
async def unsuppress(suppression_id: UUID, _: Admin, session: WorkspaceSession) -> None:
    """Allow the lead to be started again; what was stopped stays so."""
    await unsuppress_lead(session, suppression_id)
