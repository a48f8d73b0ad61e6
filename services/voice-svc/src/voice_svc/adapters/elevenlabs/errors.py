"""What ElevenLabs' errors mean; by status and `detail.status`, as the SDK has no class for each."""

from collections.abc import Mapping

import httpx
from pydantic import BaseModel, ValidationError
from service_kit.errors import ServiceError
from service_kit.retry_after import retry_after_seconds
from service_kit.upstream import one_line

from voice_svc.domain.provider import (
    ProviderAmbiguousError,
    ProviderBusyError,
    ProviderQuotaError,
    ProviderRefusedError,
    ProviderThingNotFoundError,
    ProviderUnauthorizedError,
    ProviderUnavailableError,
)

QUOTA = frozenset({"quota_exceeded"})
"""Comes with 400 or 401, and is no fault of the key."""
BUSY = frozenset({"system_busy", "too_many_concurrent_requests", "rate_limit_exceeded"})
REQUEST_TIMEOUT = 408
_KINDS: Mapping[int, type[ServiceError]] = {
    401: ProviderUnauthorizedError,
    403: ProviderUnauthorizedError,
    404: ProviderThingNotFoundError,
    429: ProviderBusyError,
}
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class _WrongField(BaseModel):
    loc: list[str | int]
    msg: str


class _Unprocessable(BaseModel):
    detail: list[_WrongField]


def status_error(
    status: int | None, body: object, headers: Mapping[str, str] | None, *, changes: bool
) -> ServiceError:
    """Return what an error status means to a call that may have changed something."""
    code, words = _detail(body)
    seconds = retry_after_seconds(headers or {})
    extra: dict[str, object] = {"code": code} if code else {}
    if seconds is not None:
        extra["retry_after_seconds"] = seconds
    message = f"the speech provider answered {status}: {words}"
    return _kind(status or 0, code, changes=changes)(message, extra=extra)


def transport_error(error: Exception, *, changes: bool) -> ServiceError:
    """Return what a failure without a whole answer means."""
    message = f"no answer from the speech provider: {type(error).__name__}"
    if isinstance(error, _NOT_SENT) or not changes:
        return ProviderUnavailableError(message)
    return ProviderAmbiguousError(message)


def _kind(status: int, code: str, *, changes: bool) -> type[ServiceError]:
    if code in QUOTA:
        return ProviderQuotaError
    if code in BUSY:
        return ProviderBusyError
    if status in _KINDS:
        return _KINDS[status]
    if 400 <= status < 500 and status != REQUEST_TIMEOUT:
        return ProviderRefusedError
    return ProviderAmbiguousError if changes else ProviderUnavailableError


def _detail(body: object) -> tuple[str, str]:
    """Return the vendor's code and words."""
    match body:
        case {"detail": {"status": str(code), "message": str(words)}}:
            return code, one_line(words)
        case {"detail": {"status": str(code)}}:
            return code, code
        case {"detail": str(words)} | {"message": str(words)} | str(words):
            return "", one_line(words)
        case _:
            return "", _wrong_fields(body)


def _wrong_fields(body: object) -> str:
    try:
        wrong = _Unprocessable.model_validate(body).detail
    except ValidationError:
        return "without a message"
    return one_line("; ".join(f"{'.'.join(map(str, each.loc))}: {each.msg}" for each in wrong))
