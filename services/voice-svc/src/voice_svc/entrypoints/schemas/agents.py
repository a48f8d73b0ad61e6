"""Bodies and answers: agents."""

from datetime import datetime
from typing import Self
from uuid import UUID

from persona_contracts import ResolvedPersona
from pydantic import BaseModel

from voice_svc.domain.agent import Agent, AgentState


class AgentErrorDocument(BaseModel):
    """Why an agent is not as it should be."""

    code: str
    title: str
    detail: str


class AgentDocument(BaseModel):
    """The voice agent of a persona."""

    persona_id: UUID
    name: str
    """Of the persona."""
    status: AgentState
    agent_id: str | None
    error: AgentErrorDocument | None
    drift: list[str]
    """Fields that the vendor did not take over."""
    persona_revision: int
    """The newest."""
    revision: int | None
    """The one that the agent runs."""
    running_since: datetime | None
    checked_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None

    @classmethod
    def of(cls, persona: ResolvedPersona, agent: Agent | None) -> Self:
        """Show an agent, or that there is none."""
        error = agent.error if agent else None
        return cls(
            persona_id=persona.persona_id,
            name=persona.name,
            status=agent.state if agent else AgentState.NOT_CONFIGURED,
            agent_id=agent.agent_id if agent else None,
            error=AgentErrorDocument(code=error.code, title=error.title, detail=error.detail)
            if error
            else None,
            drift=list(agent.drift) if agent else [],
            persona_revision=persona.revision,
            revision=agent.revision if agent else None,
            running_since=agent.running_since if agent else None,
            checked_at=agent.checked_at if agent else None,
            attempts=agent.attempts if agent else 0,
            next_attempt_at=agent.due_at if agent else None,
        )
