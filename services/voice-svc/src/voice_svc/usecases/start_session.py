"""Let somebody talk to a persona's agent."""

from dataclasses import dataclass

from service_kit.errors import ConflictError

from voice_svc.domain.agent import Agent, AgentState
from voice_svc.usecases.ports import Sessions

TALKING = frozenset({AgentState.READY, AgentState.DRIFTED})


class AgentNotReadyError(ConflictError):
    """The persona has no voice agent that could be talked to now."""

    slug = "agent-not-ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSession:
    """An address to talk at, and which revision of the persona answers there."""

    signed_url: str
    agent_id: str
    revision: int | None


async def start_session(sessions: Sessions, agent: Agent | None) -> VoiceSession:
    """Return a signed address for a browser, without any key of the provider.

    Raises:
        AgentNotReadyError: there is no agent, or it is being made.
        ProviderThingNotFoundError: the provider has lost it.
    """
    state = agent.state if agent else AgentState.NOT_CONFIGURED
    if agent is None or agent.agent_id is None or state not in TALKING:
        raise AgentNotReadyError(
            f"The agent is {state}: see /api/personas/{{persona_id}}/agent/status.",
            extra={"agent_status": state},
        )
    return VoiceSession(
        signed_url=await sessions.signed_url(agent.agent_id),
        agent_id=agent.agent_id,
        revision=agent.revision,
    )
