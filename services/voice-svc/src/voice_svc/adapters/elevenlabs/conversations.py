"""What ElevenLabs keeps of calls."""

from collections.abc import AsyncGenerator
from contextlib import suppress

from pydantic import BaseModel

from voice_svc.adapters.elevenlabs.client import NO_RETRY, ElevenLabs, Page
from voice_svc.domain.provider import ProviderThingNotFoundError


class _ConversationOfList(BaseModel):
    conversation_id: str


class _ConversationPage(Page):
    conversations: list[_ConversationOfList]


class ElevenLabsConversations:
    """What the port `Conversations` asks for; retries nothing."""

    def __init__(self, vendor: ElevenLabs) -> None:
        self._vendor = vendor

    async def of_agent(self, agent_id: str) -> AsyncGenerator[str]:
        """Yield the ids of an agent's calls, all pages."""
        pages = self._vendor.pages(
            lambda query, sdk: sdk.conversational_ai.conversations.list(agent_id=agent_id, **query),
            _ConversationPage,
        )
        async for page in pages:
            for conversation in page.conversations:
                yield conversation.conversation_id

    async def delete(self, conversation_id: str) -> None:
        """Delete what is kept of a call; one that is gone is done."""
        with suppress(ProviderThingNotFoundError):
            await self._vendor.change(
                lambda sdk: sdk.conversational_ai.conversations.delete(
                    conversation_id, request_options=NO_RETRY
                )
            )
