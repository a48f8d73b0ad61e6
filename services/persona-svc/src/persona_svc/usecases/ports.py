"""What this service asks of others."""

from typing import Protocol
from uuid import UUID

from persona_svc.domain.impact import Uses


class PersonaUsers(Protocol):
    """The services that may use a persona."""

    async def uses(self, workspace_id: str, persona_id: UUID) -> dict[str, Uses | None]:
        """Return what uses the persona in each service; None for one that did not answer."""
        ...
