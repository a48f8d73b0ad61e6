"""REST: the suppression list of a workspace."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import Response
from persona_contracts import ExternalId
from service_kit.identity import Admin, Editor, Viewer
from service_kit.in_turn import in_turn
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import IdempotentSession, WorkspaceSession, api_router

from followup_svc.adapters import suppressions
from followup_svc.domain.lead import LeadKey
from followup_svc.entrypoints.schemas.suppressions import (
    Address,
    LiftedSuppressionDocument,
    LiftReason,
    SuppressionDocument,
    SuppressLeadRequest,
    to_csv,
)
from followup_svc.usecases.export_suppressions import export_suppressions
from followup_svc.usecases.lift_suppression import lift_suppression
from followup_svc.usecases.suppress_address import suppress_address
from followup_svc.usecases.suppress_leads import suppress_leads

router = api_router("/api/suppressions", "suppressions")


@router.get(
    "",
    operation_id="listSuppressions",
    summary="List who must not be written to, newest first",
)
async def list_suppressions(
    _: Viewer,
    session: WorkspaceSession,
    paging: Paging,
    lead_id: ExternalId | None = None,
    email: Annotated[Address | None, Query()] = None,
) -> Page[SuppressionDocument]:
    """Return the suppression list of this workspace."""
    found = await suppressions.page(
        session, paging.start_after(UUID), paging.rows, lead_id=lead_id, address=email
    )
    documents = [SuppressionDocument.of(suppression) for suppression in found]
    return paging.page(documents, lambda document: document.suppression_id)


@router.get(
    "/export",
    operation_id="exportSuppressions",
    summary="Export the suppression list",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    dependencies=[Depends(in_turn)],
)
async def export(_: Viewer, session: WorkspaceSession) -> Response:
    """Return the whole list as CSV, newest first."""
    return Response(
        to_csv(await export_suppressions(session)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="suppressions.csv"'},
    )


@router.get(
    "/lifted",
    operation_id="listLiftedSuppressions",
    summary="List suppressions that were lifted, newest first",
)
async def list_lifted(
    _: Viewer, session: WorkspaceSession, paging: Paging
) -> Page[LiftedSuppressionDocument]:
    """Return what was lifted in this workspace, by whom and why."""
    found = await suppressions.page_of_lifted(session, paging.start_after(UUID), paging.rows)
    documents = [LiftedSuppressionDocument.lifted(lifted) for lifted in found]
    return paging.page(documents, lambda document: document.suppression_id)


@router.post(
    "", operation_id="createSuppression", status_code=201, summary="Suppress a lead or an address"
)
async def suppress(
    body: SuppressLeadRequest, editor: Editor, session: IdempotentSession
) -> SuppressionDocument:
    """Put it onto the list, and stop all that is on its way there; again changes nothing."""
    workspace_id, by = editor.workspace_id, editor.subject
    if body.email is not None:
        suppression = await suppress_address(
            session, workspace_id, body.email, reason=body.reason, by=by
        )
    else:
        key = LeadKey(workspace_id, body.lead_id or "")
        (suppression,) = await suppress_leads(session, [key], reason=body.reason, by=by)
    return SuppressionDocument.of(suppression)


@router.delete(
    "/{suppression_id}",
    operation_id="deleteSuppression",
    status_code=204,
    summary="Lift a suppression",
    responses=problem_responses(404),
)
async def lift(
    suppression_id: UUID,
    admin: Admin,
    session: WorkspaceSession,
    reason: Annotated[LiftReason, Query(description="Why; it is kept.")],
) -> None:
    """Allow the lead, or the address, to be started again; what was stopped stays so."""
    await lift_suppression(session, suppression_id, reason=reason, by=admin.subject)
