"""Errors by cause, under a kind that knows its HTTP status and, on an event, the ack decision.

A service adds one class per cause. The docstring's first line is the problem's title, `slug` its
type, `str(error)` its detail (RFC 9457); never put a secret or a message body into it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input, and the fix."""

    field: str
    message: str


class ServiceError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take, beside what the problem document tells, headers of its HTTP answer."""
        super().__init__(detail)
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    @classmethod
    def title(cls) -> str:
        """Return the first line of the class's docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]


class InvalidError(ServiceError):
    """The input breaks a rule."""

    status = 422
    slug = "invalid"


class MalformedError(ServiceError):
    """The request cannot be read."""

    status = 400
    slug = "malformed"


class UnauthenticatedError(ServiceError):
    """The request needs a valid token."""

    status = 401
    slug = "unauthenticated"


class ForbiddenError(ServiceError):
    """The caller's role does not allow this."""

    status = 403
    slug = "forbidden"


class NotFoundError(ServiceError):
    """There is no such thing in this workspace."""

    status = 404
    slug = "not-found"


class ConflictError(ServiceError):
    """The present state does not allow this."""

    status = 409
    slug = "conflict"


class OutdatedError(ServiceError):
    """The document has changed since it was read."""

    status = 412
    slug = "outdated"


class TooLargeError(ServiceError):
    """The request body is too large."""

    status = 413
    slug = "too-large"


class PreconditionRequiredError(ServiceError):
    """The request needs an If-Match header."""

    status = 428
    slug = "if-match-required"


class UpstreamError(ServiceError):
    """A system that this service needs cannot be reached; try again later."""

    status = 503
    slug = "upstream-unavailable"


class OverloadedError(UpstreamError):
    """A system that this service needs has too much to do: ask it less."""
