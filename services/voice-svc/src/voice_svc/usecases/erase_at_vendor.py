"""Erase what the vendor has of personas that were erased here."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from service_kit.errors import ServiceError
from service_kit.store import Store

from voice_svc.adapters import agent_revisions, agents, conversation_removals
from voice_svc.domain.agent import Agent, AgentError
from voice_svc.domain.call import VendorCall
from voice_svc.domain.provider import ProviderThingNotFoundError
from voice_svc.usecases.ports import Agents, Conversations
from voice_svc.usecases.remove_agent import remove_agent


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseAtVendor:
    """Removes agents with their tools and secrets, and what was said with them."""

    store: Store
    agents: Agents
    conversations: Conversations
    public_url: str

    async def erase(
        self, workspace_id: str, found: Sequence[Agent], persona_id: UUID | None = None
    ) -> None:
        """Remove these agents; the calls of all that ever spoke, of one persona or of all.

        Why it does not go on is shown with each agent.

        Raises:
            ServiceError: the vendor is away; what is left is done by the next attempt.
        """
        try:
            await self._queue_conversations(workspace_id, persona_id)
            for agent in found:
                if agent.has_traces:
                    await remove_agent(self.agents, agent, self.public_url, may_exist=True)
        except ServiceError as error:
            why = AgentError(code=error.slug, title=error.title(), detail=str(error))
            async with self.store.worker() as session:
                await agents.show_removal(session, [agent.persona_id for agent in found], why)
            raise

    async def _queue_conversations(self, workspace_id: str, persona_id: UUID | None) -> None:
        """Queue also the calls that we were never told of."""
        async with self.store.worker() as session:
            spoke = await agent_revisions.agents_of(session, workspace_id)
        for agent_id, owner in spoke.items():
            if persona_id not in {None, owner}:
                continue
            calls = list[VendorCall]()
            with suppress(ProviderThingNotFoundError):
                async for conversation_id in self.conversations.of_agent(agent_id):
                    calls.append(
                        VendorCall(
                            workspace_id=workspace_id,
                            persona_id=owner,
                            conversation_id=conversation_id,
                        )
                    )
            async with self.store.worker() as session:
                await conversation_removals.queue(session, calls)
