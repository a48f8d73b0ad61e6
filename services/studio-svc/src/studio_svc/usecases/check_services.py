"""Ask every service how it is."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Final

from studio_svc.domain.services import ServiceHealth, ServiceUnavailableError
from studio_svc.usecases.ports import AsksServices

KEPT_SECONDS: Final = 5.0
"""How long an answer is shown to whoever asks next."""
PATIENCE_SECONDS: Final = 2.0


class CheckServices:
    """Asks side by side, and keeps what it heard for a moment."""

    def __init__(self, services: AsksServices) -> None:
        self._services = services
        self._checked_at = -KEPT_SECONDS
        self._found: Sequence[ServiceHealth] = ()
        self._lock = asyncio.Lock()

    async def check(self) -> Sequence[ServiceHealth]:
        """Return how each service is."""
        async with self._lock:
            if monotonic() - self._checked_at >= KEPT_SECONDS:
                asked = map(self._of, self._services.names)
                self._found = await asyncio.gather(*asked)
                self._checked_at = monotonic()
        return self._found

    async def _of(self, name: str) -> ServiceHealth:
        try:
            told = await self._services.get_json(name, b"/readyz", "", PATIENCE_SECONDS)
        except ServiceUnavailableError as error:
            return ServiceHealth(name=name, ok=False, reason=str(error))
        return _health(name, told)


def _health(name: str, told: Mapping[str, Any]) -> ServiceHealth:
    reasons: Mapping[str, str] = told.get("reasons", {})
    missing = [f"{each}: {reasons[each]}" if each in reasons else each for each in told["degraded"]]
    return ServiceHealth(
        name=name,
        ok=not missing,
        reason=f"Without {', '.join(missing)}." if missing else None,
        stand_ins=told["stand_ins"],
    )
