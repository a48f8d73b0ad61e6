"""Replicas share the limits of keys and workspaces: over a real broker, and by a counted clock."""

import asyncio
import heapq
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from uuid import UUID, uuid4

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from service_kit.identity import Principal, Role
from service_kit.rate_limits import (
    EXCHANGE_SECONDS,
    SILENT_SECONDS,
    RateLimitedError,
    RateLimits,
    subject_of,
)

QUOTA = 600
A_SECOND = QUOTA / 60
KEY = UUID(int=1)
STEADY_SECONDS = 180
BEGIN = 2 * EXCHANGE_SECONDS
"""All replicas have heard of each other by then."""


def caller(workspace_id: str = "acme", key_id: UUID | None = KEY) -> Principal:
    return Principal(workspace_id=workspace_id, subject="anna", role=Role.EDITOR, key_id=key_id)


def is_let_in(limits: RateLimits, principal: Principal) -> bool:
    with suppress(RateLimitedError):
        limits.spend(principal)
        return True
    return False


def spent_of(limits: RateLimits, principal: Principal) -> int:
    """Send until one is refused."""
    return next(number for number in count() if not is_let_in(limits, principal))


def left_of(limits: RateLimits, principal: Principal) -> int:
    """Send one more, and read what its answer says is left."""
    with suppress(RateLimitedError):
        return int(limits.spend(principal)["RateLimit"].split("r=")[1].split(";")[0])
    return 0


@dataclass
class Replicas:
    """Replicas in counted time: what they tell arrives up to 20 ms later, unless it is cut."""

    number: int
    random: Random
    now: float = 0.0
    cut: tuple[float, float] = (0.0, 0.0)
    let_in: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    _replicas: list[RateLimits] = field(default_factory=list[RateLimits])
    _order: Iterator[int] = field(default_factory=count)
    _events: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )

    def run(self, *, load: float, spread: Sequence[int], seconds: float) -> None:
        """Send `load` requests a second for `seconds`, after all have found each other."""
        self._replicas = [
            RateLimits(per_key=QUOTA, monotonic=lambda: self.now) for _ in range(self.number)
        ]
        for number in range(self.number):
            self._plan(self.random.uniform(0, EXCHANGE_SECONDS), partial(self._tell, number))
        for request in range(int(load * seconds)):
            (number,) = self.random.choices(range(self.number), spread)
            self._plan(BEGIN + request / load, partial(self._request, number))
        while self._events[0][0] < BEGIN + seconds:
            self.now, _, happen = heapq.heappop(self._events)
            happen()

    def _plan(self, at: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happen))

    def _request(self, number: int) -> None:
        if is_let_in(self._replicas[number], caller()):
            self.let_in.append((self.now - BEGIN, number))

    def _tell(self, number: int) -> None:
        limits = self._replicas[number]
        if self.cut[0] <= self.now - BEGIN < self.cut[1]:
            limits.keep_replicas()
        else:
            limits.forget_silent()
            told = limits.tell()
            for each in self._replicas:
                self._plan(self.now + self.random.uniform(0, 0.02), partial(each.hear, told))
        self._plan(self.now + EXCHANGE_SECONDS, partial(self._tell, number))

    def let_in_between(self, begin: float, end: float, number: int | None = None) -> int:
        return sum(begin <= at < end and number in (None, replica) for at, replica in self.let_in)


@pytest.mark.parametrize("spread", [(1, 1, 1), (1, 0, 0), (5, 2, 1)], ids=str)
@pytest.mark.parametrize("share_of_quota", [0.5, 0.95, 3, 10], ids=str)
def test_a_steady_load_on_three_replicas_is_held_within_a_tenth(
    share_of_quota: float, spread: Sequence[int]
) -> None:
    replicas = Replicas(3, Random(4))  # noqa: S311 — a repeatable spread
    load = share_of_quota * A_SECOND
    replicas.run(load=load, spread=spread, seconds=STEADY_SECONDS)

    expected = min(load * STEADY_SECONDS, QUOTA + A_SECOND * STEADY_SECONDS)
    assert len(replicas.let_in) == pytest.approx(expected, rel=0.1)
    last = replicas.let_in_between(STEADY_SECONDS - 60, STEADY_SECONDS)
    assert last == pytest.approx(min(share_of_quota, 1) * QUOTA, rel=0.1)


def test_while_the_exchange_is_cut_each_replica_takes_its_share() -> None:
    replicas = Replicas(3, Random(5), cut=(100, 250))  # noqa: S311 — a repeatable spread
    replicas.run(load=5 * A_SECOND, spread=(5, 2, 2), seconds=300)

    for number in range(3):
        assert replicas.let_in_between(110, 240, number) == pytest.approx(
            130 * A_SECOND / 3, rel=0.1
        )
    after = replicas.let_in_between(260, 300)
    assert after == pytest.approx(40 * A_SECOND, rel=0.15)


def test_a_replica_that_ends_leaves_its_share_to_the_others() -> None:
    now = [0.0]
    one, other = (RateLimits(per_key=QUOTA, monotonic=lambda: now[0]) for _ in range(2))
    one.hear(other.tell())
    assert sum(is_let_in(one, caller()) for _ in range(QUOTA)) == QUOTA // 2

    now[0] += SILENT_SECONDS + 0.1
    one.forget_silent()

    assert is_let_in(one, caller())
    refilled = int(now[0] * A_SECOND)
    rest = 1 + sum(is_let_in(one, caller()) for _ in range(QUOTA))
    assert rest == pytest.approx(QUOTA // 2 + refilled, abs=2)


def test_a_restart_gives_nobody_a_second_quota() -> None:
    now = [0.0]
    old, new = (RateLimits(per_key=QUOTA, monotonic=lambda: now[0]) for _ in range(2))
    assert sum(is_let_in(old, caller()) for _ in range(2 * QUOTA)) == QUOTA

    new.hear(old.tell())

    assert not is_let_in(new, caller())


def test_a_key_and_its_workspace_are_limited_apart_and_nobody_else_is() -> None:
    limits = RateLimits(per_key=3, per_workspace=5)
    assert sum(is_let_in(limits, caller()) for _ in range(9)) == 3
    assert sum(is_let_in(limits, caller(key_id=uuid4())) for _ in range(9)) == 2
    assert not is_let_in(limits, caller(key_id=None))

    assert is_let_in(limits, caller("beta", None))
    with pytest.raises(RateLimitedError) as refused:
        limits.spend(caller(key_id=uuid4()))
    assert refused.value.extra["limit"] == "workspace"
    assert refused.value.headers["Retry-After"] == "12"


def test_who_has_its_whole_quota_again_takes_no_memory() -> None:
    now = [0.0]
    limits = RateLimits(per_workspace=QUOTA, monotonic=lambda: now[0])
    tracemalloc.start()
    try:
        for number in range(5_000):
            limits.spend(caller(f"w{number}"))
        assert len(limits.tell().buckets) == 5_000
        held = tracemalloc.get_traced_memory()[0]
        now[0] += 1
        limits.tell()
        assert tracemalloc.get_traced_memory()[0] < held / 2
    finally:
        tracemalloc.stop()


@pytest.fixture
async def connections(nats_url: str) -> AsyncIterator[list[Client]]:
    connected = [await nats.connect(nats_url) for _ in range(3)]  # pyright: ignore[reportUnknownMemberType]
    yield connected
    for connection in connected:
        await connection.close()


async def test_replicas_tell_each_other_over_the_broker(connections: list[Client]) -> None:
    service = f"note-{uuid4().hex[:8]}"
    replicas = [RateLimits(per_key=QUOTA) for _ in connections]
    told = asyncio.Queue[bytes]()

    async def watch(message: Msg) -> None:
        await told.put(message.data)

    watching = await connections[0].subscribe(  # pyright: ignore[reportUnknownMemberType]
        subject_of(service), cb=watch
    )
    await connections[0].flush()
    exchanges = [
        asyncio.create_task(limits.exchange(connection, service))
        for limits, connection in zip(replicas, connections, strict=True)
    ]
    try:
        async with asyncio.timeout(120):
            # Who knows of two others lets a third of a new key's requests in.
            while not all(
                spent_of(limits, caller(key_id=uuid4())) == QUOTA // 3 for limits in replicas
            ):
                await told.get()
            spent = spent_of(replicas[0], caller())
            while any(left_of(limits, caller()) > QUOTA - spent + A_SECOND for limits in replicas):
                await told.get()
    finally:
        for exchange in exchanges:
            exchange.cancel()
        await asyncio.gather(*exchanges, return_exceptions=True)
        await watching.unsubscribe()
