"""Find agents at the vendor's that have our tags and that nobody here knows."""

from service_kit.store import Store

from voice_svc.adapters import agents
from voice_svc.domain.agent_spec import ListedAgent
from voice_svc.domain.agent_template import persona_of_tags, workspace_tag
from voice_svc.usecases.ports import Agents


async def find_orphans(store: Store, vendor: Agents, workspace_id: str) -> list[ListedAgent]:
    """Return the orphans of a workspace; what is being made just now is none.

    Raises:
        UpstreamError: the vendor is away, or there is no key.
    """
    listed = [item async for item in vendor.agents(workspace_tag(workspace_id))]
    async with store.workspace(workspace_id) as session:
        known = await agents.of_workspace(session, workspace_id)
    ids = {agent.agent_id for agent in known}
    unfinished = {agent.persona_id for agent in known if agent.attempts > 0}
    return [
        item
        for item in listed
        if item.agent_id not in ids and persona_of_tags(item.tags) not in unfinished
    ]
