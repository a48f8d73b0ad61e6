"""Remove an agent, its tool and its secret from the vendor."""

from contextlib import suppress

from voice_svc.domain import agent_template as template
from voice_svc.domain.agent import Agent
from voice_svc.domain.provider import ProviderThingNotFoundError
from voice_svc.usecases.ports import Agents


async def remove_agent(vendor: Agents, agent: Agent, public_url: str, *, may_exist: bool) -> None:
    """Delete in the order in which they name each other; what is gone already is done.

    `may_exist`: an attempt was cut short, so that there may be things whose ids are not known.

    Raises:
        UpstreamError: the vendor is away: try again.
    """
    agent_ids, tool_ids, secret_ids = (
        {item} for item in (agent.agent_id, agent.tool_id, agent.secret_id)
    )
    if may_exist:
        tag = template.persona_tag(agent.persona_id)
        agent_ids |= {item.agent_id async for item in vendor.agents(tag)}
        url = template.tool_url(public_url, agent.persona_id)
        tool_ids |= {item.tool_id async for item in vendor.tools(url)}
        name = template.secret_name(agent.persona_id)
        secret_ids |= {item.secret_id async for item in vendor.secrets(name)}
    for ids, delete in (
        (agent_ids, vendor.delete_agent),
        (tool_ids, vendor.delete_tool),
        (secret_ids, vendor.delete_secret),
    ):
        for item in sorted(filter(None, ids)):
            with suppress(ProviderThingNotFoundError):
                await delete(item)
