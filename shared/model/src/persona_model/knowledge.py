"""What a persona knows about a message."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

KnowledgeStatus = Literal["used", "none", "unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageText:
    """A passage of the company's documents, and where it stands."""

    text: str
    source: str
    page_start: int | None = None
    page_end: int | None = None
    section: str | None = None
    file_id: str
    chunk_id: str
    persona_id: UUID | None = None
    """Whose knowledge it is: the persona's own, or an ancestor's."""


@dataclass(frozen=True, slots=True)
class KnowledgeAnswer:
    """`used` with passages, best first; `none` found; or `unavailable`."""

    status: KnowledgeStatus
    passages: tuple[PassageText, ...] = ()
