"""Outside systems, as use cases see them."""

from typing import Protocol
from uuid import UUID

from persona_client import Freshness, Resolution


class Personas(Protocol):
    """The personas of every workspace, in memory: `persona_client.Roster`."""

    @property
    def freshness(self) -> Freshness:
        """How sure it is that they are current."""
        ...

    def resolve(
        self,
        workspace_id: str,
        *,
        campaign_id: str | None,
        sequence_persona_id: UUID | None,
        channel: str,
    ) -> Resolution:
        """Return who speaks.

        Raises:
            RosterNotReadyError: the personas have not been read yet.
        """
        ...
