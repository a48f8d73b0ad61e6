"""The one synchronous question: `rpc.knowledge.search.v1` (core NATS, queue group `ingest`)."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from persona_contracts.draft import Citation
from persona_contracts.event import Document
from persona_contracts.types import SubjectId

KNOWLEDGE_SEARCH_SUBJECT = "rpc.knowledge.search.v1"
KNOWLEDGE_SEARCH_TIMEOUT_SECONDS = 2.0


class KnowledgeSearchV1(Document):
    """A question to one persona's knowledge."""

    workspace_id: SubjectId
    persona_id: UUID
    query: str = Field(min_length=1)
    limit: int = Field(default=8, ge=1, le=20)


class Passage(Citation):
    """One answer, with its score."""

    score: float


class KnowledgeFoundV1(Document):
    """The passages, best first; or `error` and no passages."""

    passages: list[Passage] = Field(default_factory=list[Passage])
    knowledge_revision: int | None = None
    mode: Literal["hybrid", "lexical"] | str | None = None
    error: str | None = None
