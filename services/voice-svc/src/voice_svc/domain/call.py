"""A call: what was said with a persona's agent, from its start to its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from service_kit.errors import NotFoundError

from voice_svc.domain.answer import ToolCitation


class CallNotFoundError(NotFoundError):
    """There is no such call in this workspace."""

    slug = "call-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one side said, so many seconds after the start."""

    role: Literal["user", "agent"]
    message: str
    at_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCall:
    """A call as the vendor tells it when it has ended."""

    conversation_id: str
    agent_id: str
    lead_id: str | None
    started_at: datetime
    duration_seconds: int
    cost: int | None
    """In the vendor's credits."""
    transcript: Sequence[Turn]
    citations: Sequence[ToolCitation]
    """What our tool answered with, in order, each place once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Which persona an agent speaks as, and with which of its revisions."""

    workspace_id: str
    persona_id: UUID
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it is kept: with the revision of the persona that spoke."""

    call_id: UUID
    speaker: Speaker
    ended: EndedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorCall:
    """What finds a call at the vendor's, and nothing of what was said."""

    workspace_id: str
    persona_id: UUID
    conversation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCall:
    """A call without what was said."""

    call_id: UUID
    speaker: Speaker
    conversation_id: str
    agent_id: str
    lead_id: str | None
    started_at: datetime
    duration_seconds: int
    cost: int | None
    turns: int
