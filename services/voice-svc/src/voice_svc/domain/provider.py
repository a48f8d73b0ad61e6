"""What the speech provider may answer other than what was asked for."""

from service_kit.errors import (
    InvalidError,
    NotFoundError,
    OverloadedError,
    ServiceError,
    UpstreamError,
)


class ProviderNotConfiguredError(UpstreamError):
    """The speech provider is not set up here."""

    slug = "voice-not-configured"


class ProviderUnauthorizedError(UpstreamError):
    """The speech provider does not accept our key."""

    slug = "voice-unauthorized"


class ProviderUnavailableError(UpstreamError):
    """The speech provider gave no answer, or answered that it failed; nothing was done."""

    slug = "voice-unavailable"


class ProviderAmbiguousError(ProviderUnavailableError):
    """The speech provider was asked, but whether it did what was asked is not known."""

    slug = "voice-ambiguous"


class ProviderBusyError(OverloadedError):
    """The speech provider has too much to do; `retry_after_seconds` in `extra` if it said when."""

    slug = "voice-busy"


class ProviderQuotaError(ServiceError):
    """The speech provider's quota is used up."""

    status = 429
    slug = "voice-quota"


class ProviderRefusedError(InvalidError):
    """The speech provider refused the request; the detail has its words."""

    slug = "voice-refused"


class ProviderThingNotFoundError(NotFoundError):
    """The speech provider has no such agent, tool, secret or voice."""

    slug = "voice-not-found"
