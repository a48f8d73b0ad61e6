"""The services behind the gateway."""

from typing import Self

from service_kit.errors import UpstreamError


class ServiceUnavailableError(UpstreamError):
    """A service does not answer; try again later."""

    slug = "service-unavailable"

    @classmethod
    def of(cls, service: str) -> Self:
        """Return the error that names `service`."""
        return cls(f"{service} does not answer.", extra={"service": service})
