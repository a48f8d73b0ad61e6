"""Bodies and answers: agents."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Self
from uuid import UUID

from persona_contracts import ResolvedPersona
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from voice_svc.domain.agent import Agent, AgentState
from voice_svc.domain.agent_spec import ListedAgent
from voice_svc.domain.agent_template import persona_of_tags
from voice_svc.usecases.compare_agent import Comparison

MAX_CHOSEN = 200
NO_VOICES: Mapping[str, int] = MappingProxyType({})


class ChooseAgentsRequest(StrictRequest):
    """The personas whose agents are meant; null: all of the workspace."""

    persona_ids: list[UUID] | None = Field(default=None, max_length=MAX_CHOSEN)


class AgentErrorDocument(BaseModel):
    """Why an agent is not as it should be."""

    code: str
    title: str
    detail: str


class AgentDocument(BaseModel):
    """The voice agent of a persona."""

    persona_id: UUID
    name: str | None = Field(description="Of the persona; null: it is deleted.")
    status: AgentState
    agent_id: str | None
    error: AgentErrorDocument | None
    drift: list[str] = Field(description="Fields that the vendor did not take over.")
    persona_revision: int | None = Field(description="The newest.")
    revision: int | None = Field(description="The one that the agent runs.")
    running_since: datetime | None
    voice_id: str | None = Field(description="The one that it speaks with.")
    replaced_voice_id: str | None = Field(
        description="The persona's own, if the vendor has it no more and another is in its place."
    )
    voice_shared_with: int = Field(
        description="How many other agents of the workspace speak with the same voice."
    )
    checked_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    calls_to_delete: int = Field(description="Erased calls that the vendor still has.")

    @classmethod
    def of(
        cls,
        persona_id: UUID,
        persona: ResolvedPersona | None,
        agent: Agent | None,
        *,
        calls_to_delete: int = 0,
        by_voice: Mapping[str, int] = NO_VOICES,
    ) -> Self:
        """Show an agent, or that there is none."""
        shown = agent or Agent(
            persona_id=persona_id, workspace_id="", state=AgentState.NOT_CONFIGURED
        )
        error = shown.error
        return cls(
            persona_id=persona_id,
            name=persona.name if persona else None,
            status=shown.state,
            agent_id=shown.agent_id,
            error=AgentErrorDocument(code=error.code, title=error.title, detail=error.detail)
            if error
            else None,
            drift=list(shown.drift),
            persona_revision=persona.revision if persona else None,
            revision=shown.revision,
            running_since=shown.running_since,
            voice_id=shown.voice_id,
            replaced_voice_id=shown.replaced_voice_id,
            voice_shared_with=max(0, by_voice.get(shown.voice_id or "", 0) - 1),
            checked_at=shown.checked_at,
            attempts=shown.attempts,
            next_attempt_at=shown.due_at,
            calls_to_delete=calls_to_delete,
        )


class AgentStatusDocument(AgentDocument):
    """The voice agent of a persona, and whether it has anything to answer from."""

    knowledge: Literal["some", "none", "unknown"] = Field(
        description="`none`: neither the persona nor an ancestor has documents, so the agent can"
        " answer nothing about the company. `unknown`: the search did not answer."
    )


class QueuedAgentDocument(BaseModel):
    """What became of a request for one agent; `busy`: it is being worked on, ask again."""

    persona_id: UUID
    result: Literal["queued", "busy"]


class QueuedAgentsDocument(BaseModel):
    """What became of a request for agents."""

    items: list[QueuedAgentDocument]


class DifferenceDocument(BaseModel):
    """A field that is not as desired."""

    field: str
    desired: Any
    observed: Any


class ComparedAgentDocument(BaseModel):
    """An agent beside what it should be."""

    persona_id: UUID
    result: Literal["in_step", "differs", "missing", "unwanted", "unknown"]
    differences: list[DifferenceDocument]
    error: str | None = Field(default=None, description="Why it is unknown.")

    @classmethod
    def of(cls, persona_id: UUID, found: Comparison) -> Self:
        """Show what a comparison found."""
        differences = [
            DifferenceDocument(field=item.field, desired=item.desired, observed=item.observed)
            for item in found.differences
        ]
        if found.is_in_step:
            result = "in_step"
        elif found.exists and found.desired:
            result = "differs"
        else:
            result = "missing" if found.desired else "unwanted"
        return cls(persona_id=persona_id, result=result, differences=differences)


class ComparedAgentsDocument(BaseModel):
    """Agents beside what they should be."""

    items: list[ComparedAgentDocument]


class OrphanDocument(BaseModel):
    """An agent at the vendor's that nobody here knows."""

    agent_id: str
    name: str
    persona_id: UUID | None

    @classmethod
    def of(cls, agent: ListedAgent) -> Self:
        """Show an orphan."""
        persona_id = persona_of_tags(agent.tags)
        return cls(agent_id=agent.agent_id, name=agent.name, persona_id=persona_id)


class OrphansDocument(BaseModel):
    """The orphans of a workspace."""

    items: list[OrphanDocument]
