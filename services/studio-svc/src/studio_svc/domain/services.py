"""The services behind the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from service_kit.errors import UpstreamError


class ServiceUnavailableError(UpstreamError):
    """A service does not answer; try again later."""

    slug = "service-unavailable"

    @classmethod
    def of(cls, service: str) -> Self:
        """Return the error that names `service`."""
        return cls(f"{service} does not answer.", extra={"service": service})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """How a service is."""

    name: str
    ok: bool
    reason: str | None
    stand_ins: Sequence[str] = ()
