"""Agents, tools and secrets at ElevenLabs."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, cast

from pydantic import BaseModel, Field

from voice_svc.adapters.elevenlabs.answers import AgentAnswer, ToolAnswer
from voice_svc.adapters.elevenlabs.client import NO_RETRY, ElevenLabs, Page, SdkCall, document
from voice_svc.adapters.elevenlabs.requests import AgentRequest, ToolRequest
from voice_svc.domain.agent_spec import (
    AgentSpec,
    ListedAgent,
    ListedSecret,
    ListedTool,
    ObservedAgent,
    SecretSpec,
    ToolSpec,
)
from voice_svc.domain.provider import ProviderThingNotFoundError


class _AgentId(BaseModel):
    agent_id: str


class _SecretId(BaseModel):
    secret_id: str


class _AgentOfList(BaseModel):
    agent_id: str
    name: str = ""
    tags: list[str] = Field(default_factory=list)


class _AgentPage(Page):
    agents: list[_AgentOfList]


class _ToolPage(Page):
    tools: list[ToolAnswer]


class _SecretOfList(_SecretId):
    name: str


class _SecretPage(Page):
    secrets: list[_SecretOfList]


class ElevenLabsAgents:
    """What the port `Agents` asks for; retries nothing."""

    def __init__(self, vendor: ElevenLabs) -> None:
        self._vendor = vendor

    async def create_secret(self, spec: SecretSpec) -> str:
        """Store a secret; return its id."""
        made = await self._vendor.change(
            lambda sdk: sdk.conversational_ai.secrets.create(
                name=spec.name, value=spec.value, request_options=NO_RETRY
            )
        )
        return document(made, _SecretId, changes=True).secret_id

    async def update_secret(self, secret_id: str, spec: SecretSpec) -> None:
        """Give a secret another value."""
        await self._vendor.change(
            lambda sdk: sdk.conversational_ai.secrets.update(
                secret_id, name=spec.name, value=spec.value, request_options=NO_RETRY
            )
        )

    async def secrets(self, name: str | None = None) -> AsyncGenerator[ListedSecret]:
        """Yield the secrets, all pages; with `name`, those alone."""
        pages = self._vendor.pages(
            lambda query, sdk: sdk.conversational_ai.secrets.list(**query), _SecretPage
        )
        async for page in pages:
            for secret in page.secrets:
                if name is None or secret.name == name:
                    yield ListedSecret(secret_id=secret.secret_id, name=secret.name)

    async def delete_secret(self, secret_id: str) -> None:
        """Delete a secret."""
        await self._delete(
            lambda sdk: sdk.conversational_ai.secrets.delete(secret_id, request_options=NO_RETRY)
        )

    async def create_tool(self, spec: ToolSpec) -> str:
        """Make a tool; return its id."""
        body = cast("Any", ToolRequest.of(spec).body())
        made = await self._vendor.change(
            lambda sdk: sdk.conversational_ai.tools.create(request=body, request_options=NO_RETRY)
        )
        return document(made, ToolAnswer, changes=True).id

    async def update_tool(self, tool_id: str, spec: ToolSpec) -> None:
        """Set all of a tool."""
        body = cast("Any", ToolRequest.of(spec).body())
        await self._vendor.change(
            lambda sdk: sdk.conversational_ai.tools.update(
                tool_id, request=body, request_options=NO_RETRY
            )
        )

    async def get_tool(self, tool_id: str) -> ListedTool:
        """Return a tool."""
        answer = await self._vendor.read(
            lambda sdk: sdk.conversational_ai.tools.get(tool_id, request_options=NO_RETRY)
        )
        return document(answer, ToolAnswer).listed()

    async def tools(self, url: str | None = None) -> AsyncGenerator[ListedTool]:
        """Yield the tools that call a URL, all pages; with `url`, those that call it."""
        pages = self._vendor.pages(
            lambda query, sdk: sdk.conversational_ai.tools.list(**query), _ToolPage
        )
        async for page in pages:
            for tool in map(ToolAnswer.listed, page.tools):
                if tool.spec.url and url in {None, tool.spec.url}:
                    yield tool

    async def delete_tool(self, tool_id: str) -> None:
        """Delete a tool, though agents may still name it."""
        await self._delete(
            lambda sdk: sdk.conversational_ai.tools.delete(
                tool_id, force=True, request_options=NO_RETRY
            )
        )

    async def create_agent(self, spec: AgentSpec) -> str:
        """Make an agent; return its id."""
        body = AgentRequest.of(spec).body()
        made = await self._vendor.change(
            lambda sdk: sdk.conversational_ai.agents.create(**body, request_options=NO_RETRY)
        )
        return document(made, _AgentId, changes=True).agent_id

    async def update_agent(self, agent_id: str, spec: AgentSpec) -> None:
        """Set all of an agent that we set."""
        body = AgentRequest.of(spec).body()
        await self._vendor.change(
            lambda sdk: sdk.conversational_ai.agents.update(
                agent_id, **body, request_options=NO_RETRY
            )
        )

    async def get_agent(self, agent_id: str) -> ObservedAgent:
        """Return an agent as it is now."""
        answer = await self._vendor.read(
            lambda sdk: sdk.conversational_ai.agents.get(agent_id, request_options=NO_RETRY)
        )
        return ObservedAgent(agent_id=agent_id, spec=document(answer, AgentAnswer).spec())

    async def agents(self, tag: str | None = None) -> AsyncGenerator[ListedAgent]:
        """Yield the agents, all pages; with `tag`, those that have it."""
        tagged: dict[str, Any] = {} if tag is None else {"tags": tag}
        pages = self._vendor.pages(
            lambda query, sdk: sdk.conversational_ai.agents.list(**tagged, **query), _AgentPage
        )
        async for page in pages:
            for agent in page.agents:
                if tag is None or tag in agent.tags:
                    yield ListedAgent(
                        agent_id=agent.agent_id, name=agent.name, tags=tuple(agent.tags)
                    )

    async def delete_agent(self, agent_id: str) -> None:
        """Delete an agent."""
        await self._delete(
            lambda sdk: sdk.conversational_ai.agents.delete(agent_id, request_options=NO_RETRY)
        )

    async def _delete(self, call: SdkCall[object]) -> None:
        with suppress(ProviderThingNotFoundError):
            await self._vendor.change(call)
