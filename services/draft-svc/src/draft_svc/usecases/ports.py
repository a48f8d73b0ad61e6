"""The outside systems, as the use cases need them."""

from typing import Protocol

from persona_client import Resolution
from persona_contracts import LeadRepliedV1, Received
from persona_model.knowledge import KnowledgeAnswer
from persona_model.usage import TokenUsage
from service_kit.personas import KnowsRevisions, ResolvesPersonas

from draft_svc.domain.brief import Brief, Written
from draft_svc.domain.reply import CleanReply, ReplyForms
from draft_svc.domain.strategy import Strategy


class Personas(KnowsRevisions, ResolvesPersonas, Protocol):
    """The personas of every workspace, in memory: `persona_client.Roster`."""


class Knowledge(Protocol):
    """Where passages come from."""

    async def search(
        self, workspace_id: str, resolution: Resolution, query: str
    ) -> KnowledgeAnswer:
        """Return what the persona that speaks knows about `query`; never raises."""
        ...


class Cleaner(Protocol):
    """What reduces replies to the words that their leads wrote."""

    async def keep_open(self) -> None:
        """Keep its processes until cancelled, then end them."""
        ...

    async def clean(self, workspace_id: str, forms: ReplyForms) -> CleanReply:
        """Return the newest words of a reply.

        Raises:
            ReplyTooComplexError: reading it costs too much.
        """
        ...


class Writer(Protocol):
    """A language model, or the offline stand-in."""

    async def keep_open(self) -> None:
        """Keep its connections until cancelled, then close them."""
        ...

    async def plan(self, brief: Brief) -> tuple[str, TokenUsage]:
        """Return the strategy as JSON text, unchecked; one model call.

        Raises:
            ModelRefusedError: it will not answer.
            UpstreamError: it cannot answer now; after `extra["retry_after_seconds"]`, if given.
        """
        ...

    async def write(self, brief: Brief, strategy: Strategy | None) -> Written:
        """Return the body; one model call.

        Raises:
            ModelRefusedError: it will not answer.
            UpstreamError: it cannot answer now; after `extra["retry_after_seconds"]`, if given.
        """
        ...


class Replies(Protocol):
    """The stream of replies, which this service reads too."""

    async def store(self, received: Received[LeadRepliedV1]) -> bool:
        """Return once the reply is on disk; False: it was, and a repeat changes nothing.

        Raises:
            MessageIdReusedError: what was there says something else.
            BrokerAwayError: it may or may not be stored; sending it again is safe.
        """
        ...
