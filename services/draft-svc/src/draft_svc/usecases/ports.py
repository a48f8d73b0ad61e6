"""The outside systems, as the use cases need them."""

from typing import Protocol

from persona_client import Resolution
from persona_contracts import Channel, LeadRepliedV1, Received

from draft_svc.domain.brief import Brief, TokenUsage, Written
from draft_svc.domain.knowledge import KnowledgeAnswer
from draft_svc.domain.strategy import Strategy


class Personas(Protocol):
    """The personas of every workspace, in memory: `persona_client.Roster`."""

    def resolve(
        self, workspace_id: str, *, campaign_id: str | None, channel: Channel
    ) -> Resolution:
        """Return who speaks.

        Raises:
            RosterNotReadyError: the personas have not been read yet.
        """
        ...

    def revision(self, workspace_id: str) -> int:
        """Return the newest revision that is known."""
        ...

    async def wait_for(self, workspace_id: str, revision: int, timeout_seconds: float) -> None:
        """Return once a revision is known.

        Raises:
            TimeoutError: it is not known in time.
        """
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
        """Load what it needs before it is needed; when cancelled, close it."""
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

    async def store(self, received: Received[LeadRepliedV1]) -> None:
        """Return once the reply is on disk; a repeat changes nothing.

        Raises:
            BrokerAwayError: it may or may not be stored; sending it again is safe.
        """
        ...
