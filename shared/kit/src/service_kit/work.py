"""A pool that claims leased items and processes each: done, retried later, or given up."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, Generic, Protocol, runtime_checkable

from opentelemetry import propagate, trace
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.adaptive_limit import AdaptiveLimit
from service_kit.crash_points import crash_point
from service_kit.errors import OverloadedError, ServiceError, UpstreamError
from service_kit.leases import (
    BUSY_SECONDS,
    REST_SECONDS,
    Change,
    Claim,
    ItemT,
    LeaseLostError,
    Leases,
    Settlement,
)
from service_kit.shared_commits import SharedCommits
from service_kit.store import Session, Store, is_away
from service_kit.wakeups import wait

STOP_SECONDS = 7.0
MAX_DEATHS = 10
"""A row that ends every process that works on it is given up; coincidence does not reach this."""

Finish = Change
"""Stores a result, in the transaction that ends the lease."""

log = get_logger(__name__)
tracer = trace.get_tracer(__name__)


class AbandonedError(ServiceError):
    """The process ended each time it did this work."""

    slug = "abandoned"


class Work(Protocol[ItemT]):
    """What a service does with one claimed item."""

    async def do(self, claim: Claim[ItemT]) -> Finish:
        """Do the slow part, outside any transaction, and return how to store its result.

        Raises:
            UpstreamError: try again later; not before `extra["retry_after_seconds"]`, if given.
            OverloadedError: and ask less of the upstream.
            ServiceError: any other kind ends the work.
        """
        ...

    async def give_up(self, session: Session, claim: Claim[ItemT], error: ServiceError) -> None:
        """Store that there will be no result."""
        ...


@runtime_checkable
class NotesRetries(Protocol):
    """Work that shows why an item is tried again."""

    async def note_retry(self, session: Session, claim: Claim[Any], error: ServiceError) -> None:
        """Store what went wrong this time."""
        ...


class WorkPool(Generic[ItemT]):
    """Works on up to `concurrency` items at a time, as far as the upstream keeps up with it.

    Up to `workspace_share` of these are of one workspace, however many it has waiting.
    `retry_delays` are seconds between attempts. Results that are ready together share transactions.
    """

    def __init__(
        self,
        store: Store,
        leases: Leases[Any, ItemT],
        work: Work[ItemT],
        *,
        concurrency: int,
        retry_delays: Sequence[float],
        workspace_share: int | None = None,
    ) -> None:
        self.name = leases.name
        self._store = store
        self.leases = leases
        self._work = work
        self._limit = AdaptiveLimit(concurrency)
        self._workspace_share = workspace_share
        self._retry_delays = retry_delays
        self._commits = SharedCommits(store, leases)
        self._running: dict[asyncio.Task[None], Claim[ItemT]] = {}
        self._rest_seconds = BUSY_SECONDS
        self._is_full = False
        self._wakeup = asyncio.Event()
        self._next_look: asyncio.TimerHandle | None = None
        self.stop_seconds = STOP_SECONDS

    async def run(self, wakeup: asyncio.Event) -> None:
        """Claim and work until cancelled; then let what runs finish for up to STOP_SECONDS."""
        self._wakeup = wakeup
        helpers = [asyncio.create_task(each) for each in (self._commits.run(), self._beat())]
        try:
            while True:
                await self._start_some()
                closed_seconds = self._limit.closed_seconds or REST_SECONDS
                await wait(wakeup, min(closed_seconds, self._rest_seconds))
        finally:
            await self._stop()
            if self._next_look is not None:
                self._next_look.cancel()
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _start_some(self) -> None:
        """Begin work on what is due, as far as there is room."""
        free = max(0, self._limit.size - len(self._running))
        claims = await self._claim(free) if free else []
        # There may be more than there was room for: then an end is a reason to claim again.
        self._is_full = len(claims) == free or self._workspace_share is not None
        for claim in claims:
            crash_point("after-claim")
            task = asyncio.create_task(self._process(claim))
            self._running[task] = claim
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if self._is_full:
            self._wakeup.set()
        elif self._next_look is None:  # it may be due again before the pool has rested
            self._next_look = asyncio.get_running_loop().call_later(BUSY_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._next_look = None
        self._wakeup.set()

    async def _claim(self, count: int) -> list[Claim[ItemT]]:
        crash_point("before-claim")
        busy = Counter(claim.workspace_id for claim in self._running.values())
        self._rest_seconds = BUSY_SECONDS
        try:
            async with self._store.worker() as session:
                claims = await self.leases.claim(session, count, busy, self._workspace_share)
                if not claims:
                    self._rest_seconds = await self.leases.rest_seconds(session)
                return claims
        except (SQLAlchemyError, OSError) as error:
            log.warning("work.paused", reason=type(error).__name__)
            return []

    async def _process(self, claim: Claim[ItemT]) -> None:
        trace_of_item = propagate.extract({"traceparent": claim.traceparent or ""})
        try:
            with tracer.start_as_current_span(f"work {self.leases.name}", context=trace_of_item):
                await self._end(claim, await self._outcome(claim))
        except LeaseLostError:
            log.warning("work.dropped", row_id=str(claim.item_id), reason="lease lost")
        except (SQLAlchemyError, OSError) as error:
            log.warning("work.paused", reason=type(error).__name__)

    async def _outcome(self, claim: Claim[ItemT]) -> Finish | ServiceError:
        """Return how to finish, or why there is no result (this time)."""
        if claim.deaths >= MAX_DEATHS:
            return AbandonedError(f"{claim.deaths} processes ended while they worked on it")

        async def keep(change: Change) -> None:
            await self._commits.store(Settlement.renew(claim, self._store.lease), change)

        asked_at = monotonic()
        try:
            finish = await self._work.do(replace(claim, keep=keep))
        except LeaseLostError:
            raise
        except OverloadedError as error:
            self._limit.refused(asked_at, _retry_after_seconds(error))
            return error
        except ServiceError as error:
            return error
        except Exception as error:
            log.exception("work.failed", row_id=str(claim.item_id))
            return UpstreamError(f"{type(error).__name__} while working")
        self._limit.answered(len(self._running))
        return finish

    async def _end(self, claim: Claim[ItemT], outcome: Finish | ServiceError) -> None:
        """Settle the claim; a result that cannot be stored is a failure like any other."""
        try:
            await self._settle(claim, outcome)
        except Exception as error:
            if isinstance(error, LeaseLostError) or is_away(error):
                raise
            log.exception("work.failed", row_id=str(claim.item_id))
            await self._settle(claim, UpstreamError(f"{type(error).__name__} while storing"))

    async def _settle(self, claim: Claim[ItemT], outcome: Finish | ServiceError) -> None:
        if not isinstance(outcome, ServiceError):
            await self._commits.store(Settlement.finish(claim), outcome)
        elif isinstance(outcome, UpstreamError) and claim.attempts <= len(self._retry_delays):
            delay = max(self._retry_delays[claim.attempts - 1], _retry_after_seconds(outcome))
            work, note = self._work, _nothing
            if isinstance(work, NotesRetries):
                note = partial(work.note_retry, claim=claim, error=outcome)
            await self._commits.store(Settlement.retry(claim, delay), note)
            log.info(
                "work.retried_later",
                row_id=str(claim.item_id),
                attempts=claim.attempts,
                delay_seconds=delay,
                problem=outcome.slug,
                reason=str(outcome),
            )
        else:
            error = outcome

            async def give_up(session: Session) -> None:
                await self._work.give_up(session, claim, error)

            await self._commits.store(Settlement.finish(claim), give_up)

    async def _beat(self) -> None:
        """Renew the leases of what runs, all in one statement."""
        while True:
            await asyncio.sleep(self._store.lease.heartbeat_seconds)
            lease = self._store.lease
            renewed = [Settlement.renew(claim, lease) for claim in self._running.values()]
            if renewed:
                await self._settle_now(renewed)

    async def _stop(self) -> None:
        """Let what runs end; what has not in time is given back, for another to claim at once."""
        running = dict(self._running)
        if not running:
            return
        await asyncio.wait(running, timeout=self.stop_seconds)
        left = {task: claim for task, claim in running.items() if not task.done()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            await self._settle_now([Settlement.retry(claim, 0) for claim in left.values()])

    async def _settle_now(self, settlements: Sequence[Settlement]) -> None:
        with suppress(SQLAlchemyError, OSError):
            async with self._store.worker() as session:
                await self.leases.settle(session, settlements)


def _retry_after_seconds(error: UpstreamError) -> float:
    seconds = error.extra.get("retry_after_seconds")
    return float(seconds) if isinstance(seconds, int | float) else 0.0


async def _nothing(session: Session) -> None:
    """Change nothing but the lease."""
