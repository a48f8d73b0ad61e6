"""How many requests an API key and a workspace may send: one limit for all replicas of a service.

Each replica keeps a bucket of tokens for whoever asks (it holds the quota, and is refilled within
WINDOW_SECONDS), and may spend of it, until it has heard from all the others, the Nth part alone,
N being the replicas that live. Every EXCHANGE_SECONDS they tell each other what they have spent.
So all together spend what one bucket holds, however the requests are spread; and while the broker
is away, each spends its share. The headers are those of draft-ietf-httpapi-ratelimit-headers-11.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, NoReturn
from uuid import UUID, uuid4

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import BaseModel, ConfigDict, ValidationError
from structlog import get_logger

from service_kit.errors import ServiceError
from service_kit.identity import Principal

WINDOW_SECONDS: Final = 60
EXCHANGE_SECONDS: Final = 0.5
SILENT_SECONDS: Final = 3.0
"""A replica that has told nothing for so long is gone."""
MAX_TOLD: Final = 5_000
"""Of how many buckets a replica tells at once; of the others later."""
POLICY_HEADER: Final = "RateLimit-Policy"
LIMIT_HEADER: Final = "RateLimit"

log = get_logger(__name__)


class RateLimitedError(ServiceError):
    """There were too many requests in the last minute."""

    status = 429
    slug = "rate-limited"


class Spending(BaseModel):
    """What a replica has spent of a bucket since it last told, and what it believes is left."""

    model_config = ConfigDict(frozen=True)

    spent: int
    left: float


class Spendings(BaseModel):
    """What a replica tells the others, by bucket; `replica` is another one after a restart."""

    model_config = ConfigDict(frozen=True)

    replica: UUID
    buckets: dict[str, Spending]


def subject_of(service: str) -> str:
    """Return the subject in which the replicas of `service` tell each other what they spent."""
    return f"rate-limits.v1.{service}"


@dataclass(slots=True)
class _Bucket:
    """Tokens for requests; `share` is what this replica may spend before it hears more."""

    quota: int
    left: float
    share: float
    counted_at: float
    untold: int = 0

    def refill(self, now: float, replicas: int) -> None:
        added = (now - self.counted_at) * self.quota / WINDOW_SECONDS
        self.left = min(self.quota, self.left + added)
        self.share = min(self.left, self.share + added / replicas)
        self.counted_at = now

    def spend(self) -> None:
        self.left -= 1
        self.share -= 1
        self.untold += 1

    def seconds_to_next(self, replicas: int) -> float:
        return max(0.0, 1 - self.share) * WINDOW_SECONDS * replicas / self.quota

    def seconds_to_full(self) -> float:
        return max(0.0, self.quota - self.left) * WINDOW_SECONDS / self.quota


class RateLimits:
    """Lets requests in, as far as their key and workspace have not sent too many; 0: no limit."""

    def __init__(
        self,
        *,
        per_key: int = 0,
        per_workspace: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take how many requests a minute an API key, and a workspace, may send."""
        self._quotas = {"key": per_key, "workspace": per_workspace}
        policies = (f'"{name}";q={quota};w=60' for name, quota in self._quotas.items() if quota)
        self._policy = ", ".join(policies)
        self._monotonic = monotonic
        self._replica = uuid4()
        self._buckets: dict[str, _Bucket] = {}
        self._heard_at: dict[UUID, float] = {}
        """When each of the other replicas last told something."""
        self._news: set[UUID] = set()
        """Who has told something since the shares were last dealt."""

    @property
    def is_on(self) -> bool:
        """Whether anything is limited."""
        return bool(self._policy)

    def spend(self, principal: Principal) -> Mapping[str, str]:
        """Count a request; return the headers of its answer.

        Raises:
            RateLimitedError: it is one too many; `retry_after_seconds` in `extra`.
        """
        if not self._policy:
            return {}
        buckets = [*self._buckets_of(principal)]
        for name, bucket in buckets:
            if bucket.share < 1:
                raise self._refusal(name, bucket, self._headers(buckets))
        for _, bucket in buckets:
            bucket.spend()
        return self._headers(buckets)

    def _headers(self, buckets: Iterable[tuple[str, _Bucket]]) -> dict[str, str]:
        limits = (
            f'"{name}";r={max(0, math.floor(bucket.left))};t={math.ceil(bucket.seconds_to_full())}'
            for name, bucket in buckets
        )
        return {POLICY_HEADER: self._policy, LIMIT_HEADER: ", ".join(limits)}

    def _buckets_of(self, principal: Principal) -> Iterator[tuple[str, _Bucket]]:
        if principal.key_id is not None and self._quotas["key"]:
            yield "key", self._bucket(f"key:{principal.key_id}")
        if self._quotas["workspace"]:
            yield "workspace", self._bucket(f"workspace:{principal.workspace_id}")

    def _bucket(self, name: str) -> _Bucket:
        now, bucket = self._monotonic(), self._buckets.get(name)
        if bucket is None:
            quota = self._quotas[name.partition(":")[0]]
            bucket = _Bucket(quota, quota, quota / self._replicas, now)
            self._buckets[name] = bucket
        bucket.refill(now, self._replicas)
        return bucket

    def _refusal(self, name: str, bucket: _Bucket, headers: Mapping[str, str]) -> RateLimitedError:
        seconds = max(1, math.ceil(bucket.seconds_to_next(self._replicas)))
        return RateLimitedError(
            f"This {name} may send {bucket.quota} requests in {WINDOW_SECONDS} seconds.",
            extra={
                "limit": name,
                "quota": bucket.quota,
                "window_seconds": WINDOW_SECONDS,
                "retry_after_seconds": seconds,
            },
            headers={**headers, "Retry-After": str(seconds)},
        )

    @property
    def _replicas(self) -> int:
        return 1 + len(self._heard_at)

    def tell(self) -> Spendings:
        """Return what the others have to know, once; forget the buckets that are full."""
        told = dict[str, Spending]()
        untold = ((name, each) for name, each in self._buckets.items() if each.untold)
        for name, bucket in islice(untold, MAX_TOLD):
            told[name] = Spending(spent=bucket.untold, left=bucket.left)
            bucket.untold = 0
        for name in [*self._buckets]:
            bucket = self._bucket(name)
            if bucket.left >= bucket.quota and not bucket.untold:
                del self._buckets[name]
        return Spendings(replica=self._replica, buckets=told)

    def hear(self, told: Spendings) -> None:
        """Take note of what another replica has spent; the shares are dealt when all have told."""
        if told.replica == self._replica:
            return
        self._heard_at[told.replica] = self._monotonic()
        for name, spending in told.buckets.items():
            if not self._quotas.get(name.partition(":")[0]):
                continue  # that replica has other settings
            is_new = name not in self._buckets
            bucket = self._bucket(name)
            bucket.left = spending.left if is_new else bucket.left - spending.spent
            bucket.share = min(bucket.share, bucket.left)
        self._news.add(told.replica)
        if self._news >= self._heard_at.keys():
            self._deal()

    def _deal(self) -> None:
        self._news.clear()
        for name in self._buckets:
            bucket = self._bucket(name)
            bucket.share = bucket.left / self._replicas

    def keep_replicas(self) -> None:
        """Take all others to live and spend their shares: nobody is heard without the broker."""
        self._heard_at = dict.fromkeys(self._heard_at, self._monotonic())
        for name in self._buckets:
            bucket = self._bucket(name)
            bucket.left, bucket.untold = bucket.share, 0

    def forget_silent(self) -> None:
        """Take note of replicas that have ended."""
        now = self._monotonic()
        silent = [each for each, at in self._heard_at.items() if now - at > SILENT_SECONDS]
        for replica in silent:
            del self._heard_at[replica]
            self._news.discard(replica)
        if silent or not self._heard_at:
            self._deal()

    async def exchange(self, connection: Client, service: str) -> NoReturn:
        """Tell the other replicas of `service`, and hear them, until cancelled."""

        async def hear(message: Msg) -> None:
            with suppress(ValidationError):
                self.hear(Spendings.model_validate_json(message.data))

        subject = subject_of(service)
        await connection.subscribe(subject, cb=hear)  # pyright: ignore[reportUnknownMemberType]
        while True:
            if not connection.is_connected:
                self.keep_replicas()
            else:
                self.forget_silent()
                try:
                    await connection.publish(subject, self.tell().model_dump_json().encode())
                except (NatsError, OSError) as error:
                    log.info("rate_limits.not_told", reason=type(error).__name__)
            await asyncio.sleep(EXCHANGE_SECONDS)
