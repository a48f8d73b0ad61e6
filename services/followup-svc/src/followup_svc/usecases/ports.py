"""Outside systems, as use cases see them."""

from typing import Protocol

from persona_client import Freshness
from service_kit.personas import ResolvesPersonas


class Personas(ResolvesPersonas, Protocol):
    """The personas of every workspace, in memory: `persona_client.Roster`."""

    @property
    def freshness(self) -> Freshness:
        """How sure it is that they are current."""
        ...
