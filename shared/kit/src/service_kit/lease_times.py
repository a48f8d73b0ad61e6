"""How long work may stand still before somebody else takes it over."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTimes:
    """The times of one process; `lease_seconds` must be more than `heartbeat_seconds`."""

    lease_seconds: float = 60
    """A row is claimed again so long after the last sign of a process that died."""
    heartbeat_seconds: float = 20
    """How often a process renews the leases that it holds."""

    @property
    def settle_seconds(self) -> float:
        """How long a result is kept for a database that is away; then the lease may be lost."""
        return self.lease_seconds - self.heartbeat_seconds

    @property
    def leadership_seconds(self) -> float:
        """How long a dead leader keeps its task: a follower waits for it, and then still works."""
        return self.lease_seconds / 6
