"""REST: the questions that no passage answers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from service_kit.identity import Editor
from service_kit.paging import Page, Paging
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from chat_svc.adapters import gaps
from chat_svc.domain.gap import Gap
from chat_svc.entrypoints.gap_schemas import AnswerGapRequest, GapDocument
from chat_svc.usecases.answer_gap import answer_gap

router = api_router("/api/knowledge/gaps", "knowledge")


async def _locked(gap_id: UUID, session: WorkspaceSession, _: Editor) -> Gap:
    return await gaps.lock(session, gap_id)


LockedGap = Annotated[Gap, Depends(_locked)]


@router.get("", operation_id="listGaps", summary="List the questions that no passage answers")
async def list_gaps(
    _: Editor,
    session: WorkspaceSession,
    paging: Paging,
    persona_id: Annotated[UUID | None, Query(description="To one persona; else to all.")] = None,
    answered: Annotated[bool | None, Query(description="Those that somebody has answered.")] = None,
) -> Page[GapDocument]:
    """Return questions of conversations and of leads, newest first, and nobody who asked them."""
    after = paging.start_after(UUID)
    found = await gaps.page(
        session, after, paging.rows, persona_id=persona_id, answered=bool(answered)
    )
    return paging.page([GapDocument.of(each) for each in found], lambda each: each.gap_id)


@router.post(
    "/{gap_id}/answer",
    operation_id="answerGap",
    summary="Answer a question that no passage answers",
    responses=problem_responses(404, 409),
)
async def answer(
    gap: LockedGap, body: AnswerGapRequest, editor: Editor, session: WorkspaceSession
) -> GapDocument:
    """Let the persona know the answer: question and answer become a document of it."""
    answered = await answer_gap(
        session, gap, body.answer, question=body.question, by=editor.subject
    )
    return GapDocument.of(await gaps.view(session, answered))
