"""The speech provider, as the use cases need it.

Every method may raise, besides what it says itself: ProviderUnauthorizedError,
ProviderUnavailableError (ProviderAmbiguousError if the request may have been carried out),
ProviderBusyError, ProviderQuotaError, ProviderRefusedError; ProviderNotConfiguredError without a
key. Nothing is retried here. To delete what is not there is no error.
"""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Protocol
from uuid import UUID

from voice_svc.domain.agent_spec import (
    AgentSpec,
    ListedAgent,
    ListedSecret,
    ListedTool,
    ObservedAgent,
    SecretSpec,
    ToolSpec,
)
from voice_svc.domain.answer_cache import Knower
from voice_svc.domain.knowledge import Knowledge
from voice_svc.domain.speech import Quota, Utterance, Voice


class Agents(Protocol):
    """The provider's agents, their tools and secrets."""

    async def create_secret(self, spec: SecretSpec) -> str:
        """Store a secret; return its id."""
        ...

    async def update_secret(self, secret_id: str, spec: SecretSpec) -> None:
        """Give a secret another value.

        Raises:
            ProviderThingNotFoundError: there is none.
        """
        ...

    def secrets(self, name: str | None = None) -> AsyncIterable[ListedSecret]:
        """Yield the secrets, all pages; with `name`, those alone."""
        ...

    async def delete_secret(self, secret_id: str) -> None:
        """Delete a secret."""
        ...

    async def create_tool(self, spec: ToolSpec) -> str:
        """Make a tool; return its id."""
        ...

    async def update_tool(self, tool_id: str, spec: ToolSpec) -> None:
        """Set all of a tool.

        Raises:
            ProviderThingNotFoundError: there is none.
        """
        ...

    async def get_tool(self, tool_id: str) -> ListedTool:
        """Return a tool.

        Raises:
            ProviderThingNotFoundError: there is none.
        """
        ...

    def tools(self, url: str | None = None) -> AsyncIterable[ListedTool]:
        """Yield the tools that call a URL as ours do, all pages; with `url`, those alone."""
        ...

    async def delete_tool(self, tool_id: str) -> None:
        """Delete a tool, though agents may still name it."""
        ...

    async def create_agent(self, spec: AgentSpec) -> str:
        """Make an agent; return its id."""
        ...

    async def update_agent(self, agent_id: str, spec: AgentSpec) -> None:
        """Set all of an agent that we set, in one request.

        Raises:
            ProviderThingNotFoundError: there is none.
        """
        ...

    async def get_agent(self, agent_id: str) -> ObservedAgent:
        """Return an agent as it is now.

        Raises:
            ProviderThingNotFoundError: there is none.
        """
        ...

    def agents(self, tag: str | None = None) -> AsyncIterable[ListedAgent]:
        """Yield the agents, all pages; with `tag`, those that have it."""
        ...

    async def delete_agent(self, agent_id: str) -> None:
        """Delete an agent."""
        ...


class Audio(Protocol):
    """Audio that the provider sends; it is under way, and must be closed."""

    content_type: str
    concurrency_limit: int | None
    """How much the provider says at once, if it told."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the parts as they come.

        Raises:
            ProviderUnavailableError: it broke off.
        """
        ...

    async def close(self) -> None:
        """Close the connection, wherever the audio stands."""
        ...


class Speech(Protocol):
    """Says texts."""

    async def say(self, utterance: Utterance) -> Audio:
        """Return the audio once its first bytes are there.

        Raises:
            ProviderThingNotFoundError: the voice is gone.
        """
        ...


class Voices(Protocol):
    """The voices that can be chosen."""

    async def voices(self) -> Sequence[Voice]:
        """Return all voices."""
        ...

    async def exists(self, voice_id: str) -> bool:
        """Return whether there is such a voice."""
        ...

    async def sample(self, voice_id: str) -> Audio | None:
        """Return the provider's own sample of a voice, which costs nothing; None without one.

        Raises:
            ProviderThingNotFoundError: the voice is gone.
        """
        ...


class Subscription(Protocol):
    """What may still be used."""

    async def quota(self) -> Quota:
        """Return the characters used, the limit, and when it begins anew."""
        ...


class Sessions(Protocol):
    """Calls from a browser."""

    async def signed_url(self, agent_id: str) -> str:
        """Return an address by which a browser may talk to an agent once, for 15 minutes.

        Raises:
            ProviderThingNotFoundError: there is no such agent.
        """
        ...


class Conversations(Protocol):
    """What the provider keeps of calls."""

    def of_agent(self, agent_id: str) -> AsyncIterable[str]:
        """Yield the ids of an agent's calls, all pages.

        Raises:
            ProviderThingNotFoundError: there is no such agent.
        """
        ...

    async def delete(self, conversation_id: str) -> None:
        """Delete what is kept of a call."""
        ...


class SearchesKnowledge(Protocol):
    """What personas know, and news of it."""

    async def follow(self) -> bool:
        """Return whether all news since the last call were heard; they drop remembered answers."""
        ...

    async def knows_anything(self, workspace_id: str, persona_id: UUID) -> bool:
        """Return whether any question could be answered.

        Raises:
            KnowledgeUnavailableError: not in time, or with an error.
        """
        ...

    async def search(self, knower: Knower, question: str, timeout_seconds: float) -> Knowledge:
        """Return the passages that answer.

        Raises:
            KnowledgeUnavailableError: not in time, or with an error.
        """
        ...
