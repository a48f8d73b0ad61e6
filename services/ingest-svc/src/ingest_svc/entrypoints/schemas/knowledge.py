"""What the API takes and gives: knowledge and passages."""

from typing import Literal, Self
from uuid import UUID

from persona_contracts import Passage, Text
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from ingest_svc.adapters.knowledge import Overview
from ingest_svc.domain.passage import Found, Owner

MAX_QUERY_CHARS = 2_000


class KnowledgeDocument(BaseModel):
    """What a persona knows."""

    persona_id: UUID
    summary: str = Field(description="One sentence for people; says so when there is nothing.")
    files: int
    ready: int
    processing: int
    failed: int
    chunks: int
    pages: int
    vectors_pending: int = Field(description="Chunks that meaning does not find yet.")
    inherited_chunks: int = Field(description="What its ancestors know is searched, too.")
    inherits_from: list[UUID]
    revision: int

    @classmethod
    def of(
        cls, persona_id: UUID, own: Overview, lineage: list[UUID], inherited_chunks: int
    ) -> Self:
        """Return the document of what is counted."""
        return cls(
            persona_id=persona_id,
            summary=_summary(own, inherited_chunks),
            files=own.files,
            ready=own.ready,
            processing=own.processing,
            failed=own.failed,
            chunks=own.chunks,
            pages=own.pages,
            vectors_pending=own.vectors_pending,
            inherited_chunks=inherited_chunks,
            inherits_from=lineage,
            revision=own.revision,
        )


class KnowledgeCountsDocument(BaseModel):
    """What one persona has, without its ancestors; all is 0 for one that is not there."""

    persona_id: UUID
    files: int
    ready: int
    processing: int
    failed: int
    chunks: int = Field(description="Passages that are found.")


class KnowledgeCountsAnswer(BaseModel):
    """What each of the personas that were asked for has, in their order."""

    items: list[KnowledgeCountsDocument]


def _summary(own: Overview, inherited_chunks: int) -> str:
    if own.chunks:
        files = "1 file" if own.ready == 1 else f"{own.ready} files"
        sentence = f"{_passages(own.chunks)} from {files}"
    else:
        sentence = "No knowledge yet"
    if inherited_chunks:
        sentence += f"; {_passages(inherited_chunks)} of its ancestors"
    if own.processing:
        sentence += f"; {own.processing} being processed"
    return sentence + "."


def _passages(count: int) -> str:
    return "1 passage" if count == 1 else f"{count:,} passages"


class SearchRequest(StrictRequest):
    """A question to a persona's knowledge."""

    query: Text = Field(min_length=1, max_length=MAX_QUERY_CHARS)
    limit: int = Field(default=8, ge=1, le=20)


class SearchAnswer(BaseModel):
    """Passages, best first; scores compare within one answer only."""

    passages: list[Passage]
    knowledge_revision: int
    mode: Literal["hybrid", "lexical"] = Field(
        description="`lexical`: no vectors took part, words alone."
    )


def passage(found: Found, workspace_id: str) -> Passage:
    """Return a chunk that was found, as a citation."""
    owner = Owner(
        workspace_id=workspace_id,
        persona_id=found.hit.persona_id,
        content_id=found.hit.content_id,
    )
    return Passage(
        text=found.text,
        source=found.file_name,
        page_start=found.page_start,
        page_end=found.page_end,
        section=found.section,
        file_id=found.file_id,
        chunk_id=str(owner.point_id(found.hit.number)),
        persona_id=found.hit.persona_id,
        score=found.hit.score,
    )
