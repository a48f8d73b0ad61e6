"""The outside systems, as the use cases need them."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from persona_client import Resolution
from persona_model.knowledge import KnowledgeAnswer

from chat_svc.domain.delta import Delta
from chat_svc.domain.prompt import ChatBrief, Written


class Personas(Protocol):
    """The personas of every workspace, in memory: `persona_client.Roster`."""

    def resolve_session(self, workspace_id: str, persona_id: UUID | None) -> Resolution:
        """Return who speaks in a conversation that was given a persona."""
        ...


class Knowledge(Protocol):
    """Where passages come from."""

    async def search(
        self, workspace_id: str, resolution: Resolution, query: str
    ) -> KnowledgeAnswer:
        """Return what the persona that speaks knows about `query`; never raises."""
        ...


class Writer(Protocol):
    """A language model, or the offline stand-in."""

    async def keep_open(self) -> None:
        """Keep its connections until cancelled, then close them."""
        ...

    def write(self, brief: ChatBrief) -> AsyncGenerator[str | Written]:
        """Yield the words of an answer as they come, then what it cost; one model call.

        Raises:
            ModelRefusedError: it will not answer.
            UpstreamError: it cannot answer now, or broke off.
        """
        ...


class Hearing(Protocol):
    """The parts of one answer, as they come to one reader."""

    async def next(self, timeout_seconds: float) -> list[Delta]:
        """Return what has come, waiting for something; nothing after `timeout_seconds`."""
        ...


class Deltas(Protocol):
    """How the words of answers get from who writes them to who reads them; some may be lost."""

    async def send(self, workspace_id: str, message_id: UUID, delta: Delta) -> None:
        """Send a part of an answer; never raises."""
        ...

    def hear(self, workspace_id: str, message_id: UUID) -> AbstractAsyncContextManager[Hearing]:
        """Hear the parts of an answer from now on."""
        ...
