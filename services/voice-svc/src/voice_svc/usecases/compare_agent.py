"""Say in what an agent differs from what it should be; nothing is changed."""

from dataclasses import dataclass, replace
from typing import Any

from persona_contracts import ResolvedPersona

from voice_svc.domain.agent import Agent
from voice_svc.domain.agent_difference import find_differences, values_of
from voice_svc.domain.provider import ProviderThingNotFoundError
from voice_svc.usecases.describe_agent import AgentDefaults, describe_agent
from voice_svc.usecases.ports import Agents


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that is not as desired."""

    field: str
    desired: Any
    observed: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found: no agent there is all the difference."""

    exists: bool
    desired: bool
    differences: tuple[Difference, ...] = ()

    @property
    def is_in_step(self) -> bool:
        """Return whether there is nothing to change."""
        return self.exists == self.desired and not self.differences


async def compare_agent(
    vendor: Agents, persona: ResolvedPersona, agent: Agent | None, defaults: AgentDefaults
) -> Comparison:
    """Ask the vendor for the agent, and compare it with its persona.

    Raises:
        UnknownVariableError: the persona cannot have an agent.
        UpstreamError: the vendor is away, or there is no key.
    """
    desired = persona.voice is not None and persona.voice.enabled
    if agent is None or agent.agent_id is None:
        return Comparison(exists=False, desired=desired)
    try:
        observed = (await vendor.get_agent(agent.agent_id)).spec
    except ProviderThingNotFoundError:
        return Comparison(exists=False, desired=desired)
    if not desired:
        return Comparison(exists=True, desired=False)
    own = persona.voice.voice_id if persona.voice else None
    is_replaced = own is not None and agent.replaced_voice_id == own
    voice_id = agent.voice_id if is_replaced else None
    spec = describe_agent(persona, agent.workspace_id, defaults, voice_id=voice_id)
    spec = replace(spec, tool_ids=(agent.tool_id or "",))
    mine, theirs = values_of(spec), values_of(observed)
    differences = tuple(
        Difference(field=name, desired=mine[name], observed=theirs[name])
        for name in find_differences(spec, observed)
    )
    return Comparison(exists=True, desired=True, differences=differences)
