"""What became of a file, and the one synchronous question: `rpc.knowledge.search.v1`.

The question travels over core NATS, in the queue group `ingest`.
"""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from persona_contracts.draft import Citation
from persona_contracts.event import Document, OwnEvent
from persona_contracts.types import Count, ExternalId, SubjectId

KNOWLEDGE_SEARCH_SUBJECT = "rpc.knowledge.search.v1"
KNOWLEDGE_SEARCH_TIMEOUT_SECONDS = 2.0


class KnowledgeSearchV1(Document):
    """A question to one persona's knowledge."""

    workspace_id: SubjectId
    persona_id: UUID
    query: str = Field(min_length=1)
    limit: int = Field(default=8, ge=1, le=20)
    at_least_revision: Count | None = None
    """Of the persona that the caller knows: the answer is for this one, or a later one."""


class Passage(Citation):
    """One answer, with its score."""

    score: float


class KnowledgeFoundV1(Document):
    """The passages, best first; or `error` and no passages."""

    passages: list[Passage] = Field(default_factory=list[Passage])
    knowledge_revision: int | None = None
    mode: Literal["hybrid", "lexical"] | str | None = None
    knows_nothing: bool = False
    """Neither the persona nor an ancestor has a passage: no question would find one."""
    error: str | None = None


class _KnowledgeEvent(OwnEvent):
    file_id: ExternalId
    persona_id: UUID

    @property
    def entity_id(self) -> str:
        """The file."""
        return self.file_id


class KnowledgeReadyV1(_KnowledgeEvent):
    """The passages of a file can be found."""

    event_type: ClassVar[str] = "knowledge.ready"

    chunks: Count
    pages: Count | None = None
    """None where the kind of file has no pages."""
    took_ms: Count


class KnowledgeError(Document):
    """Why a file is no knowledge; `code` is one of those in the documentation, and may be new."""

    code: str
    title: str
    detail: str


class KnowledgeFailedV1(_KnowledgeEvent):
    """A file could not become knowledge; what an earlier version of it taught stays."""

    event_type: ClassVar[str] = "knowledge.failed"

    error: KnowledgeError


class KnowledgeRemovedV1(_KnowledgeEvent):
    """A file, its passages and its original are gone."""

    event_type: ClassVar[str] = "knowledge.removed"
