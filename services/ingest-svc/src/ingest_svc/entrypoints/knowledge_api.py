"""REST: what a persona knows, and questions to it."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from service_kit.identity import CHANGES_NOTHING, OF_OWN_PERSONAS, Viewer
from service_kit.in_turn import in_turn
from service_kit.paging import MAX_LIMIT
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from ingest_svc.adapters import knowledge
from ingest_svc.entrypoints.dependencies import Deps, Persona
from ingest_svc.entrypoints.schemas.knowledge import (
    KnowledgeCountsAnswer,
    KnowledgeCountsDocument,
    KnowledgeDocument,
    SearchAnswer,
    SearchRequest,
    passage,
)

router = api_router("/api/personas/{persona_id}/knowledge", "knowledge")
counts = api_router("/api/knowledge/counts", "knowledge")


@router.get(
    "",
    operation_id="getKnowledge",
    summary="Show what a persona knows",
    responses=problem_responses(404),
)
async def get_knowledge(persona: Persona, session: WorkspaceSession) -> KnowledgeDocument:
    """Return how much a persona knows, with what its ancestors know."""
    own = await knowledge.overview(session, [persona.persona_id])
    lineage = list(persona.lineage)
    inherited = await knowledge.overview(session, lineage) if lineage else None
    chunks = inherited.chunks if inherited else 0
    return KnowledgeDocument.of(persona.persona_id, own, lineage, chunks)


@counts.get(
    "",
    operation_id="countKnowledge",
    summary="Count what several personas know",
    dependencies=[Depends(in_turn), *OF_OWN_PERSONAS],
)
async def count_knowledge(
    _: Viewer,
    session: WorkspaceSession,
    persona_id: Annotated[list[UUID], Query(min_length=1, max_length=MAX_LIMIT)],
) -> KnowledgeCountsAnswer:
    """Return how many files and passages each has, in one question for a whole list."""
    counted = await knowledge.count_by_persona(session, persona_id)
    return KnowledgeCountsAnswer(
        items=[
            KnowledgeCountsDocument(**asdict(counted[each])) for each in dict.fromkeys(persona_id)
        ]
    )


@router.post(
    "/search",
    operation_id="searchKnowledge",
    summary="Search what a persona knows",
    responses=problem_responses(404),
    dependencies=[Depends(in_turn), *CHANGES_NOTHING],
)
async def search_knowledge(
    persona: Persona, question: SearchRequest, viewer: Viewer, deps: Deps
) -> SearchAnswer:
    """Return the passages that answer, from the persona's own files and its ancestors'."""
    answer = await deps.search.search(
        viewer.workspace_id, persona.persona_id, question.query, question.limit
    )
    return SearchAnswer(
        passages=[passage(found, viewer.workspace_id) for found in answer.passages],
        knowledge_revision=answer.knowledge_revision,
        mode=answer.mode,
    )
