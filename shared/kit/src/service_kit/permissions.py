"""What the broker does not allow this process, made visible (log, metric, `/readyz`)."""

from collections.abc import Callable, Sequence
from time import monotonic

from persona_client.connection import missing_permission
from prometheus_client import Counter
from structlog import get_logger

RECENT_SECONDS = 60
"""A permission that was refused is missing until it has not been refused for so long."""

log = get_logger(__name__)
refused_total = Counter(
    "dramatis_broker_permissions_refused_total",
    "What the broker did not allow.",
    ["operation"],
)


class Permissions:
    """The permissions that were refused lately, by operation and subject."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._refused: dict[str, float] = {}
        for operation in ("publish", "subscribe"):
            refused_total.labels(operation)

    async def note(self, error: Exception) -> None:
        """Take an error of a connection; nats-py hands a refusal to its `error_cb` alone."""
        missing = missing_permission(error)
        if missing is None:
            log.warning("broker.error", reason=type(error).__name__)
            return
        operation, _, subject = missing.partition(" to ")
        if missing not in self.missing():
            log.error("broker.permission_missing", operation=operation, subject=subject)
        self._refused[missing] = self._clock()
        refused_total.labels(operation).inc()

    def missing(self) -> Sequence[str]:
        """Return each, such as `publish to draft.created.v1.acme`."""
        since = self._clock() - RECENT_SECONDS
        self._refused = {what: at for what, at in self._refused.items() if at > since}
        return sorted(self._refused)
