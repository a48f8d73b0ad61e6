"""Requests over NATS: one short function each."""

from persona_contracts import (
    KNOWLEDGE_SEARCH_SUBJECT,
    KnowledgeFoundV1,
    KnowledgeSearchV1,
    PersonaImpactV1,
    PersonaUse,
    PersonaUsesV1,
    impact_subject,
)
from service_kit.personas import wait_for_revision
from service_kit.rpc import RpcRouter

from ingest_svc.adapters import documents
from ingest_svc.deps import IngestDeps
from ingest_svc.entrypoints.schemas.knowledge import passage

AT_LEAST_SECONDS = 1.0
"""The caller waits 2 s for everything."""

rpc = RpcRouter[IngestDeps]("ingest")


@rpc.subscriber(KNOWLEDGE_SEARCH_SUBJECT, KnowledgeSearchV1)
async def search_knowledge(question: KnowledgeSearchV1, deps: IngestDeps) -> KnowledgeFoundV1:
    """Return the passages that answer."""
    if question.at_least_revision is not None:
        await wait_for_revision(
            deps.roster,
            question.workspace_id,
            question.at_least_revision,
            timeout_seconds=AT_LEAST_SECONDS,
        )
    found = await deps.search.search(
        question.workspace_id, question.persona_id, question.query, question.limit
    )
    return KnowledgeFoundV1(
        passages=[passage(item, question.workspace_id) for item in found.passages],
        knowledge_revision=found.knowledge_revision,
        mode=found.mode,
        knows_nothing=found.knows_nothing,
    )


@rpc.subscriber(impact_subject("ingest"), PersonaImpactV1)
async def find_uses(question: PersonaImpactV1, deps: IngestDeps) -> PersonaUsesV1:
    """Return the files of a persona."""
    async with deps.store.workspace(question.workspace_id) as session:
        count, names = await documents.uses(session, question.persona_id)
    return PersonaUsesV1(uses=[PersonaUse(kind="files", count=count, names=list(names))])
