"""Agents, tools and secrets of the stand-in."""

from collections.abc import Mapping
from typing import Any

from service_devkit.vendors.elevenlabs.account import Json, VendorError
from service_devkit.vendors.elevenlabs.calls import Call
from service_devkit.vendors.elevenlabs.pages import paged

_ACCESS = {
    "is_creator": True,
    "creator_name": "Fake",
    "creator_email": "fake@example.com",
    "role": "admin",
}
_USED_BY: Json = {"tools": [], "agents": [], "others": [], "phone_numbers": []}


async def create_secret(call: Call) -> Json:
    """Store a secret."""
    secret_id = call.account.new_id("secret")
    call.account.secrets[secret_id] = {"name": call.body["name"], "value": call.body["value"]}
    return {"type": "stored", "secret_id": secret_id, "name": call.body["name"]}


async def update_secret(call: Call) -> Json:
    """Replace a secret."""
    secret = call.account.find("secret", call.params["secret_id"])
    secret.update(name=call.body["name"], value=call.body["value"])
    return {"type": "stored", "secret_id": call.params["secret_id"], "name": secret["name"]}


async def list_secrets(call: Call) -> Json:
    """Return a page of secrets, without their values."""
    named = call.query.get("search", "")
    secrets: list[Json] = [
        {"type": "stored", "secret_id": secret_id, "name": secret["name"], "used_by": _USED_BY}
        for secret_id, secret in call.account.secrets.items()
        if named in secret["name"]
    ]
    page, cursor = paged(secrets, call.query)
    return {"secrets": page, "next_cursor": cursor}


async def delete_secret(call: Call) -> None:
    """Delete a secret that no tool names."""
    secret_id = call.params["secret_id"]
    call.account.find("secret", secret_id)
    if any(secret_id in str(tool) for tool in call.account.tools.values()):
        raise VendorError(409, "secret_in_use", "The secret is used by a tool.")
    del call.account.secrets[secret_id]


async def create_tool(call: Call) -> Json:
    """Make a tool."""
    return _put_tool(call, call.account.new_id("tool"))


async def update_tool(call: Call) -> Json:
    """Replace a tool."""
    call.account.find("tool", call.params["tool_id"])
    return _put_tool(call, call.params["tool_id"])


async def get_tool(call: Call) -> Json:
    """Return a tool."""
    return _tool(call.params["tool_id"], call.account.find("tool", call.params["tool_id"]))


async def list_tools(call: Call) -> Json:
    """Return a page of tools."""
    tools = [_tool(tool_id, config) for tool_id, config in call.account.tools.items()]
    named = call.query.get("search", "")
    page, cursor = paged([t for t in tools if named in t["tool_config"]["name"]], call.query)
    return {"tools": page, "next_cursor": cursor, "has_more": cursor is not None}


async def delete_tool(call: Call) -> Json:
    """Delete a tool; one that agents name only by force."""
    tool_id = call.params["tool_id"]
    call.account.find("tool", tool_id)
    is_used = any(tool_id in str(agent) for agent in call.account.agents.values())
    if is_used and call.query.get("force") != "true":
        raise VendorError(400, "tool_in_use", "The tool is used by agents.")
    del call.account.tools[tool_id]
    return {}


async def create_agent(call: Call) -> Json:
    """Make an agent."""
    agent_id = call.account.new_id("agent")
    call.account.put_agent(agent_id, call.body)
    return {"agent_id": agent_id}


async def update_agent(call: Call) -> Json:
    """Change an agent."""
    call.account.find("agent", call.params["agent_id"])
    call.account.put_agent(call.params["agent_id"], call.body)
    return await get_agent(call)


async def get_agent(call: Call) -> Json:
    """Return an agent."""
    agent_id = call.params["agent_id"]
    agent = call.account.find("agent", agent_id)
    return {
        "agent_id": agent_id,
        "name": agent.get("name", ""),
        "tags": agent.get("tags", []),
        "conversation_config": agent["conversation_config"],
        "platform_settings": agent.get("platform_settings", {}),
        "metadata": {
            "created_at_unix_secs": agent["created_at"],
            "updated_at_unix_secs": agent["updated_at"],
        },
    }


async def list_agents(call: Call) -> Json:
    """Return a page of agents; `tags` is younger than the document."""
    tag = call.query.get("tags")
    agents = [
        {
            "agent_id": agent_id,
            "name": agent.get("name", ""),
            "tags": agent.get("tags", []),
            "created_at_unix_secs": agent["created_at"],
            "access_info": _ACCESS,
        }
        for agent_id, agent in call.account.agents.items()
        if tag is None or tag in agent.get("tags", [])
    ]
    page, cursor = paged(agents, call.query)
    return {"agents": page, "next_cursor": cursor, "has_more": cursor is not None}


async def delete_agent(call: Call) -> None:
    """Delete an agent."""
    call.account.find("agent", call.params["agent_id"])
    del call.account.agents[call.params["agent_id"]]


def _put_tool(call: Call, tool_id: str) -> Json:
    config: Json = call.body["tool_config"]
    for header in config["api_schema"].get("request_headers", {}).values():
        if isinstance(header, dict) and header.get("secret_id") not in call.account.secrets:  # pyright: ignore[reportUnknownMemberType] — JSON
            raise VendorError(400, "secret_not_found", "The secret of a header was not found.")
    call.account.tools[tool_id] = config
    return _tool(tool_id, config)


def _tool(tool_id: str, config: Mapping[str, Any]) -> Json:
    return {
        "id": tool_id,
        "tool_config": config,
        "access_info": _ACCESS,
        "usage_stats": {"avg_latency_secs": 0},
    }
