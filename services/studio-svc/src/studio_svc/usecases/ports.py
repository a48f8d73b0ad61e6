"""What studio-svc asks of others."""

from collections.abc import Sequence
from typing import Any, Protocol


class AsksServices(Protocol):
    """Asks a service for a JSON document."""

    @property
    def names(self) -> Sequence[str]:
        """All services."""
        ...

    async def get_json(
        self, service: str, target: bytes, authorization: str, seconds: float
    ) -> dict[str, Any]:
        """Return the document.

        Raises:
            ServiceUnavailableError: there is none within `seconds`.
        """
        ...
