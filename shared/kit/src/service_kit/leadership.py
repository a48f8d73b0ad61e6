"""One leader per task and service, by a lease row: a dead leader's turn ends by itself."""

from time import monotonic
from uuid import uuid4

from sqlalchemy import text

from service_kit.store import Store

_ACQUIRE = text(
    "insert into service_lease (name, holder, lease_until)"
    " values (:name, :holder, now() + make_interval(secs => :seconds))"
    " on conflict (name) do update set holder = :holder, lease_until = excluded.lease_until"
    " where service_lease.holder = :holder or service_lease.lease_until < now()"
    " returning holder"
)


class Leadership:
    """This process's claim to lead the task `name`, for `store.lease.leadership_seconds` a time."""

    def __init__(self, name: str, store: Store) -> None:
        self._name = name
        self._store = store
        self._seconds = store.lease.leadership_seconds
        self._holder = uuid4()
        self._held_until = 0.0

    async def hold(self) -> bool:
        """Take the lease, or renew it when a quarter has passed; False while another has it."""
        asked_at = monotonic()
        if asked_at < self._held_until:
            return True
        async with self._store.worker() as session:
            result = await session.execute(
                _ACQUIRE, {"name": self._name, "holder": self._holder, "seconds": self._seconds}
            )
            if result.first() is None:
                return False
        self._held_until = asked_at + self._seconds / 4
        return True

    async def release(self) -> None:
        """Let the next one lead at once."""
        self._held_until = 0.0
        async with self._store.worker() as session:
            await session.execute(
                text("delete from service_lease where name = :name and holder = :holder"),
                {"name": self._name, "holder": self._holder},
            )
