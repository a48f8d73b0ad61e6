"""A connection to NATS that says why it does not work."""

import re
from typing import Any, Final

from nats.aio.client import Client
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

_VIOLATION: Final = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"')
_DEEDS: Final = {"publish": "publish to", "subscription": "subscribe to"}
STREAM_NOT_FOUND: Final = 10_059
"""The server's code for a stream that does not exist."""


class Connection(Client):
    """A nats-py client that asks JetStream in one domain."""

    def __init__(self, domain: str | None = None) -> None:
        super().__init__()
        self._domain = domain

    @property
    def api_prefix(self) -> str:
        """Where JetStream is asked: `$JS.API`, or that of the domain."""
        return f"$JS.{self._domain}.API" if self._domain else "$JS.API"

    def jetstream(self, **options: Any) -> JetStreamContext:  # noqa: ANN401 — nats-py's own
        """Return JetStream of the domain."""
        return super().jetstream(**{"domain": self._domain, **options})  # pyright: ignore[reportUnknownMemberType]


def missing_permission(error: Exception) -> str | None:
    """Return what the server did not allow, such as `publish to draft.created.v1.acme`.

    None if `error` is about something else. nats-py gives the subject in lower case: words of
    JetStream and names of streams are put back, a workspace's capitals are lost.
    """
    found = _VIOLATION.search(str(error))
    return f"{_DEEDS[found[1]]} {_as_written(found[2])}" if found else None


def cause_of(error: Exception, stream: str = "") -> str:
    """Return which of these it is: refused, no permission, no stream, unreachable."""
    missing = missing_permission(error)
    is_away = isinstance(error, NatsError | OSError | TimeoutError)
    if isinstance(error, AuthorizationError) or "authorization violation" in str(error).lower():
        cause = "the broker refuses these credentials"
    elif missing:
        cause = f"no permission to {missing}"
    elif isinstance(error, NotFoundError) and error.err_code == STREAM_NOT_FOUND:
        cause = f"no stream {stream}".rstrip()
    elif isinstance(error, APIError):
        cause = error.description or type(error).__name__
    else:
        cause = f"{'unreachable: ' if is_away else ''}{str(error) or type(error).__name__}"
    return cause


def _as_written(subject: str) -> str:
    first, *rest = subject.split(".")
    if first == "$js":
        return ".".join(["$JS", *(word if "-" in word else word.upper() for word in rest)])
    if first == "dead" and rest:
        return ".".join([first, rest[0].upper(), *rest[1:]])
    return f"_INBOX{subject[6:]}" if first.startswith("_inbox") else subject
