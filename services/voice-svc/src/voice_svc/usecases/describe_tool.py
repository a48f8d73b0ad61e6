"""Say what the tool of a persona's agent should be."""

from voice_svc.domain import agent_template as template
from voice_svc.domain.agent import Agent
from voice_svc.domain.agent_spec import ToolSpec
from voice_svc.domain.agent_tool import TOOL_NAME
from voice_svc.usecases.describe_agent import AgentDefaults


def describe_tool(agent: Agent, defaults: AgentDefaults) -> ToolSpec:
    """Return the tool of an agent whose secret is made."""
    return ToolSpec(
        name=TOOL_NAME,
        description=template.TOOL_DESCRIPTION,
        url=template.tool_url(defaults.public_url, agent.persona_id),
        secret_id=agent.secret_id or "",
        response_timeout_seconds=template.TOOL_SECONDS,
    )
