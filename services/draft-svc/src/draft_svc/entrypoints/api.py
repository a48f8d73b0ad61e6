"""REST: drafts and their decisions."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from persona_client import Roster
from persona_contracts import SUBJECT_ID_PATTERN
from service_kit.clock import utc_now
from service_kit.identity import Editor, Viewer
from service_kit.paging import Page, Paging
from service_kit.preconditions import OptionalIfMatch, etag
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from draft_svc.adapters import drafts
from draft_svc.adapters.drafts import DraftRow
from draft_svc.domain.draft import DraftStatus
from draft_svc.entrypoints.dependencies import Deps
from draft_svc.entrypoints.schemas import Approval, DraftDocument, Rejection
from draft_svc.usecases.decide_draft import (
    Decider,
    approve_draft,
    regenerate_draft,
    reject_draft,
)

router = api_router("/api/drafts", "drafts")
DECIDED = problem_responses(404, 409, 412)


class DraftInHand:
    """The draft that a decision is about, locked, and the answer to it."""

    def __init__(self, row: DraftRow, roster: Roster, response: Response) -> None:
        self.row = row
        self._roster = roster
        self._response = response

    def answer(self) -> DraftDocument:
        """Return the draft as it is now, with its ETag."""
        self._response.headers["ETag"] = etag(self.row.revision)
        return DraftDocument.of(self.row, self._roster)


async def _in_hand(
    draft_id: UUID,
    session: WorkspaceSession,
    deps: Deps,
    response: Response,
    if_match: OptionalIfMatch,
) -> DraftInHand:
    row = await drafts.load(session, draft_id, for_update=True)
    current = DraftDocument.of(row, deps.roster).model_dump(mode="json")
    if_match.require(row.revision, current)
    return DraftInHand(row, deps.roster, response)


Draft = Annotated[DraftInHand, Depends(_in_hand)]
Id = Annotated[str, Query(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


async def _filters(
    status: DraftStatus | None = None,
    campaign_id: Annotated[str | None, Query(pattern=SUBJECT_ID_PATTERN)] = None,
    lead_id: Id | None = None,
    message_id: Id | None = None,
) -> dict[str, str]:
    wanted = {
        "status": status,
        "campaign_id": campaign_id,
        "lead_id": lead_id,
        "message_id": message_id,
    }
    return {name: value for name, value in wanted.items() if value is not None}


@router.get("", operation_id="listDrafts", summary="List drafts, newest first")
async def list_drafts(
    _: Viewer,
    session: WorkspaceSession,
    deps: Deps,
    paging: Paging,
    filters: Annotated[dict[str, str], Depends(_filters)],
) -> Page[DraftDocument]:
    """Return the drafts of this workspace that match every given filter."""
    position = paging.after(tuple[UUID])
    rows = await drafts.page(session, filters, position[0] if position else None, paging.limit + 1)
    documents = [DraftDocument.of(row, deps.roster) for row in rows]
    return paging.page(documents, lambda document: (document.draft_id,))


@router.get(
    "/{draft_id}", operation_id="getDraft", summary="Show a draft", responses=problem_responses(404)
)
async def get_draft(
    draft_id: UUID, _: Viewer, session: WorkspaceSession, deps: Deps, response: Response
) -> DraftDocument:
    """Return one draft with the persona, the strategy and the sources it was written with."""
    return DraftInHand(await drafts.load(session, draft_id), deps.roster, response).answer()


@router.post(
    "/{draft_id}/approve", operation_id="approveDraft", summary="Approve a draft", responses=DECIDED
)
async def approve(
    draft: Draft, approval: Approval, editor: Editor, session: WorkspaceSession
) -> DraftDocument:
    """Approve the draft, with another body or subject if given; the signature is added again."""
    decider = Decider(subject=editor.subject, at=utc_now())
    await approve_draft(session, draft.row, decider, body=approval.body, subject=approval.subject)
    return draft.answer()


@router.post(
    "/{draft_id}/reject", operation_id="rejectDraft", summary="Reject a draft", responses=DECIDED
)
async def reject(
    draft: Draft, rejection: Rejection, editor: Editor, session: WorkspaceSession
) -> DraftDocument:
    """Reject the draft; it is not sent and not written again."""
    decider = Decider(subject=editor.subject, at=utc_now())
    await reject_draft(session, draft.row, decider, reason=rejection.reason)
    return draft.answer()


@router.post(
    "/{draft_id}/regenerate",
    operation_id="regenerateDraft",
    summary="Write a draft again",
    responses=DECIDED,
)
async def regenerate(draft: Draft, _: Editor, session: WorkspaceSession) -> DraftDocument:
    """Queue the draft again, under the same id, for whichever persona speaks now."""
    await regenerate_draft(session, draft.row)
    return draft.answer()
