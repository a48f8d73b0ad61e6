"""Bodies and answers: talking to an agent."""

from typing import Self

from persona_contracts import ExternalId
from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from voice_svc.usecases.start_session import VoiceSession


class StartSessionRequest(StrictRequest):
    """Who is going to talk."""

    lead_id: ExternalId | None = Field(default=None, examples=["lead-1"])


class VoiceSessionDocument(BaseModel):
    """Where to talk to the agent; open it as a WebSocket within 15 minutes."""

    signed_url: str
    agent_id: str
    revision: int | None = Field(description="Of the persona that answers.")
    dynamic_variables: dict[str, str] = Field(
        description="Send them with the first message: they come back with the call."
    )

    @classmethod
    def of(cls, session: VoiceSession, lead_id: str | None) -> Self:
        """Show a session."""
        return cls(
            signed_url=session.signed_url,
            agent_id=session.agent_id,
            revision=session.revision,
            dynamic_variables={} if lead_id is None else {"lead_id": lead_id},
        )
