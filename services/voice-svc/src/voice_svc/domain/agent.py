"""What is known of the voice agent of a persona."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AgentState(StrEnum):
    """How far an agent is what its persona wants."""

    NOT_CONFIGURED = "not_configured"
    """There is none: the persona has no voice, or the service no key."""
    CREATING = "creating"
    READY = "ready"
    DRIFTED = "drifted"
    """It runs, but the vendor did not take over what `drift` names."""
    FAILED = "failed"
    """The vendor refuses it: tried again when the persona changes."""
    QUOTA = "quota"
    """The vendor's quota is used up: tried again later."""
    DELETING = "deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentError:
    """Why an agent is not as it should be."""

    code: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What is known of a persona's agent; `revision` and `running_since`: what it runs now."""

    persona_id: UUID
    workspace_id: str
    state: AgentState = AgentState.CREATING
    error: AgentError | None = None
    drift: tuple[str, ...] = ()
    wanted_revision: int = 0
    """The newest revision that an event told of: an older state document is waited out."""
    secret_id: str | None = None
    tool_id: str | None = None
    agent_id: str | None = None
    tool_secret_sha256: bytes | None = None
    """Of what the agent's tool must show."""
    wanted_hash: str | None = None
    observed_hash: str | None = None
    template_version: int | None = None
    revision: int | None = None
    running_since: datetime | None = None
    checked_at: datetime | None = None
    """When it was last compared with what the vendor has."""
    changed_at: datetime | None = None
    """When the first change came that the agent does not have yet."""
    attempts: int = 0
    due_at: datetime | None = None
