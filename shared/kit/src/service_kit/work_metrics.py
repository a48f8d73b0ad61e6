"""How late work is, for whoever watches."""

from collections.abc import Iterable
from typing import Any, Protocol

from prometheus_client import Gauge

from service_kit.leases import Leases
from service_kit.repeating import repeat
from service_kit.store import Store

EVERY_SECONDS = 15

late_seconds = Gauge(
    "dramatis_work_late_seconds",
    "How long the work that is due first has waited for a worker, as seen every 15 s.",
    ["work"],
)


class Pool(Protocol):
    """A pool of workers."""

    @property
    def leases(self) -> Leases[Any, Any]:
        """What it works on."""
        ...


async def watch_work(store: Store, pools: Iterable[Pool]) -> None:
    """Set the gauge of each pool every EVERY_SECONDS, until cancelled."""

    async def look() -> None:
        for pool in pools:
            async with store.worker() as session:
                seconds = await pool.leases.late_seconds(session)
            late_seconds.labels(pool.leases.name).set(seconds)

    await repeat(look, EVERY_SECONDS, failed="work.not_watched")
