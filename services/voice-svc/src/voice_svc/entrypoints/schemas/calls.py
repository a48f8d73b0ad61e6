"""Answers: calls."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from voice_svc.domain.call import Call, ListedCall
from voice_svc.entrypoints.schemas.function_calls import CitationDocument


class ListedCallDocument(BaseModel):
    """A call, without what was said."""

    call_id: UUID
    conversation_id: str = Field(description="The provider's id.")
    persona_id: UUID
    revision: int = Field(description="Of the persona that spoke, from the first word to the last.")
    agent_id: str
    lead_id: str | None
    started_at: datetime
    duration_seconds: int
    cost: int | None = Field(description="In the provider's credits.")
    turns: int = Field(description="How many the transcript has.")

    @classmethod
    def of(cls, call: ListedCall) -> Self:
        """Show a call of a list."""
        return cls(
            call_id=call.call_id,
            conversation_id=call.conversation_id,
            persona_id=call.speaker.persona_id,
            revision=call.speaker.revision,
            agent_id=call.agent_id,
            lead_id=call.lead_id,
            started_at=call.started_at,
            duration_seconds=call.duration_seconds,
            cost=call.cost,
            turns=call.turns,
        )


class TurnDocument(BaseModel):
    """What one side said."""

    role: Literal["user", "agent"]
    message: str
    at_seconds: int = Field(description="After the start of the call.")


class CallDocument(ListedCallDocument):
    """A call with what was said, and what the agent was told from the persona's documents."""

    transcript: list[TurnDocument]
    citations: list[CitationDocument]

    @classmethod
    def whole(cls, call: Call) -> Self:
        """Show a whole call."""
        ended = call.ended
        return cls(
            call_id=call.call_id,
            conversation_id=ended.conversation_id,
            persona_id=call.speaker.persona_id,
            revision=call.speaker.revision,
            agent_id=ended.agent_id,
            lead_id=ended.lead_id,
            started_at=ended.started_at,
            duration_seconds=ended.duration_seconds,
            cost=ended.cost,
            turns=len(ended.transcript),
            transcript=[
                TurnDocument(role=turn.role, message=turn.message, at_seconds=turn.at_seconds)
                for turn in ended.transcript
            ],
            citations=[CitationDocument.of(citation) for citation in ended.citations],
        )
