"""What is known of the voice agent of a persona."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from service_kit.errors import UpstreamError


class AgentGoneError(UpstreamError):
    """The agent was removed at the vendor's; the next attempt makes another."""

    slug = "voice-agent-gone"


class AgentQueuedError(UpstreamError):
    """The agent is brought into step a little later."""

    slug = "voice-agent-queued"

    def __init__(self, detail: str, *, cause: UpstreamError, delay_seconds: float) -> None:
        super().__init__(detail, extra={"retry_after_seconds": delay_seconds})
        self.cause = cause


class AgentState(StrEnum):
    """How far an agent is what its persona wants."""

    NOT_CONFIGURED = "not_configured"
    """There is none: the persona has no voice, or the service no key."""
    CREATING = "creating"
    READY = "ready"
    DRIFTED = "drifted"
    """It runs, but the vendor did not take over what `drift` names."""
    FAILED = "failed"
    """It cannot be made so: tried again when the persona changes, and now and then."""
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
    """Of what the agent's tool must show; kept when the agent is gone."""
    wanted_hash: str | None = None
    observed_hash: str | None = None
    template_version: int | None = None
    revision: int | None = None
    running_since: datetime | None = None
    voice_id: str | None = None
    replaced_voice_id: str | None = None
    """The persona's own voice, if it is gone and `voice_id` is there in its place."""
    checked_at: datetime | None = None
    """When it was last compared with what the vendor has."""
    changed_at: datetime | None = None
    """When the first change came that the agent does not have yet."""
    attempts: int = 0
    due_at: datetime | None = None

    @property
    def has_traces(self) -> bool:
        """Return whether there is, or may be, something of it at the vendor's."""
        known = (self.agent_id, self.tool_id, self.secret_id)
        return any(known) or self.attempts > 0 or self.state is AgentState.DELETING

    def compared(self, *, drift: tuple[str, ...], observed_hash: str) -> Self:
        """Return it after the vendor's answer was compared with what was desired."""
        return replace(
            self,
            state=AgentState.DRIFTED if drift else AgentState.READY,
            error=None,
            drift=drift,
            observed_hash=observed_hash,
        )

    def removed(self) -> Self:
        """Return it without anything at the vendor's."""
        return replace(
            self,
            state=AgentState.NOT_CONFIGURED,
            error=None,
            drift=(),
            secret_id=None,
            tool_id=None,
            agent_id=None,
            wanted_hash=None,
            observed_hash=None,
            template_version=None,
            revision=None,
            running_since=None,
            voice_id=None,
            replaced_voice_id=None,
            checked_at=None,
        )
