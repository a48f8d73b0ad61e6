"""Bodies and answers: what the tool of an agent asks and is told."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from voice_svc.domain.answer import AnswerStatus, ToolAnswer, ToolCitation
from voice_svc.domain.answer_cache import CacheStats


class FunctionCallRequest(BaseModel):
    """A question; the provider may add what it likes."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
        examples=["What does a team of ten pay?"]
    )


class CitationDocument(BaseModel):
    """A place in the persona's documents."""

    source: str = Field(description="The file's name.", examples=["prices.pdf"])
    page: int | None = Field(description="From 1; null: the file has no pages.", examples=[3])
    section: str | None
    quote: str = Field(description="What it says there, as it is spoken.")
    file_id: str
    chunk_id: str

    @classmethod
    def of(cls, citation: ToolCitation) -> Self:
        """Show a citation."""
        return cls(
            source=citation.source,
            page=citation.page,
            section=citation.section,
            quote=citation.quote,
            file_id=citation.file_id,
            chunk_id=citation.chunk_id,
        )


class FunctionCallAnswer(BaseModel):
    """What the agent is told: a text to speak, and where it stands."""

    status: AnswerStatus = Field(
        description="`not_found`: not in the documents; `unavailable`: they cannot be searched now."
    )
    answer: str
    citations: list[CitationDocument]

    @classmethod
    def of(cls, answer: ToolAnswer) -> Self:
        """Show an answer."""
        return cls(
            status=answer.status,
            answer=answer.text,
            citations=[CitationDocument.of(citation) for citation in answer.citations],
        )


class CacheStatsDocument(BaseModel):
    """What a workspace's questions met in the process that answers, since it started."""

    hits: int
    misses: int
    hit_rate: float | None = Field(description="Null: nothing was asked.")
    dropped: int = Field(
        description="Answers dropped because the persona or what it knows changed."
    )
    changes: int = Field(description="Changes of personas and knowledge that were heard of.")
    entries: int
    size_bytes: int
    max_bytes: int = Field(description="For all workspaces together.")

    @classmethod
    def of(cls, stats: CacheStats, max_bytes: int) -> Self:
        """Show what is counted."""
        asked = stats.hits + stats.misses
        return cls(
            hits=stats.hits,
            misses=stats.misses,
            hit_rate=round(stats.hits / asked, 4) if asked else None,
            dropped=stats.dropped,
            changes=stats.changes,
            entries=stats.entries,
            size_bytes=stats.size_bytes,
            max_bytes=max_bytes,
        )


class PersonaOfBody(BaseModel):
    """Whose tool asks, where the address does not say it."""

    persona_id: UUID


class FunctionCallOfPersonaRequest(FunctionCallRequest, PersonaOfBody):
    """A question, and the persona that it is asked of."""
