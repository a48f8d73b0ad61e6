"""REST: drafts and their decisions."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from persona_contracts import ExternalId, SubjectId
from service_kit.identity import OF_OWN_PERSONAS, Editor, Viewer
from service_kit.in_turn import in_turn
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from draft_svc.adapters import drafts
from draft_svc.domain.draft import DraftStatus
from draft_svc.entrypoints.dependencies import Answer, Deps, LockedDraft, document_of
from draft_svc.entrypoints.schemas import (
    ApproveDraftRequest,
    DraftDocument,
    RejectDraftRequest,
    ReplyDocument,
)
from draft_svc.usecases.approve_draft import approve_draft
from draft_svc.usecases.read_reply import read_reply
from draft_svc.usecases.regenerate_draft import regenerate_draft
from draft_svc.usecases.reject_draft import reject_draft

router = api_router("/api/drafts", "drafts")
DECIDED = problem_responses(404, 409, 412)


async def _filters(
    status: DraftStatus | None = None,
    campaign_id: SubjectId | None = None,
    lead_id: ExternalId | None = None,
    message_id: ExternalId | None = None,
) -> dict[str, str]:
    given = {
        "status": status,
        "campaign_id": campaign_id,
        "lead_id": lead_id,
        "message_id": message_id,
    }
    return {name: value for name, value in given.items() if value is not None}


@router.get(
    "",
    operation_id="listDrafts",
    summary="List drafts, newest first",
    dependencies=OF_OWN_PERSONAS,
)
async def list_drafts(
    _: Viewer,
    session: WorkspaceSession,
    deps: Deps,
    paging: Paging,
    filters: Annotated[dict[str, str], Depends(_filters)],
) -> Page[DraftDocument]:
    """Return the drafts of this workspace that match every given filter."""
    found = await drafts.page(session, filters, paging.start_after(UUID), paging.rows)
    documents = [document_of(draft, deps) for draft in found]
    return paging.page(documents, lambda document: document.draft_id)


@router.get(
    "/{draft_id}",
    operation_id="getDraft",
    summary="Show a draft",
    responses=problem_responses(404),
    dependencies=OF_OWN_PERSONAS,
)
async def get_draft(
    draft_id: UUID, _: Viewer, session: WorkspaceSession, answer: Answer
) -> DraftDocument:
    """Return one draft with the persona, the strategy and the sources it was written with."""
    return answer(await drafts.get(session, draft_id))


@router.get(
    "/{draft_id}/reply",
    operation_id="getReply",
    summary="Show what the lead wrote",
    responses=problem_responses(404, 422),
    dependencies=[*OF_OWN_PERSONAS, Depends(in_turn)],
)
async def get_reply(
    draft_id: UUID, _: Viewer, session: WorkspaceSession, deps: Deps
) -> ReplyDocument:
    """Return the newest words of the reply that a draft answers."""
    draft = await drafts.get(session, draft_id)
    return ReplyDocument.of(draft, await read_reply(deps.cleaner, draft))


@router.post(
    "/{draft_id}/approve",
    operation_id="approveDraft",
    summary="Approve a draft",
    responses=DECIDED,
    dependencies=OF_OWN_PERSONAS,
)
async def approve(
    draft: LockedDraft,
    body: ApproveDraftRequest,
    editor: Editor,
    session: WorkspaceSession,
    answer: Answer,
) -> DraftDocument:
    """Approve the draft, with another body or subject if given; the signature is added again."""
    approved = await approve_draft(
        session, draft, by=editor.subject, body=body.body, subject=body.subject
    )
    return answer(approved)


@router.post(
    "/{draft_id}/reject",
    operation_id="rejectDraft",
    summary="Reject a draft",
    responses=DECIDED,
    dependencies=OF_OWN_PERSONAS,
)
async def reject(
    draft: LockedDraft,
    body: RejectDraftRequest,
    editor: Editor,
    session: WorkspaceSession,
    answer: Answer,
) -> DraftDocument:
    """Reject the draft; it is not sent and not written again."""
    return answer(await reject_draft(session, draft, by=editor.subject, reason=body.reason))


@router.post(
    "/{draft_id}/regenerate",
    operation_id="regenerateDraft",
    summary="Write a draft again",
    responses=DECIDED,
)
async def regenerate(
    draft: LockedDraft, _: Editor, session: WorkspaceSession, answer: Answer
) -> DraftDocument:
    """Queue the draft again, under the same id, for whichever persona speaks now."""
    return answer(await regenerate_draft(session, draft))
