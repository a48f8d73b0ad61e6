"""A pool that claims leased rows and processes each: done, retried later, or given up."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Generic, Protocol

from opentelemetry import propagate, trace
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.crash_points import crash_point
from service_kit.errors import ServiceError, UpstreamError
from service_kit.leases import Claim, LeaseLostError, Leases, RowT
from service_kit.store import Session, Store
from service_kit.wakeups import wait

IDLE_SECONDS = 1.0
STOP_SECONDS = 7.0
MAX_DEATHS = 10
"""A row that takes every process with it must not do so for ever; chance does not get here."""

Finish = Callable[[Session], Awaitable[None]]
"""Stores a result, in the transaction that ends the lease."""

log = get_logger(__name__)
tracer = trace.get_tracer(__name__)


class AbandonedError(ServiceError):
    """The process ended each time it did this work."""

    slug = "abandoned"


class Work(Protocol[RowT]):
    """What a service does with one claimed row."""

    async def do(self, claim: Claim[RowT]) -> Finish:
        """Do the slow part, outside any transaction, and return how to store its result.

        Raises:
            UpstreamError: try again later; not before `extra["retry_after_seconds"]`, if given.
            ServiceError: any other kind ends the work.
        """
        ...

    async def give_up(self, session: Session, claim: Claim[RowT], error: ServiceError) -> None:
        """Store that there will be no result."""
        ...


class WorkPool(Generic[RowT]):
    """Works on up to `concurrency` rows at a time; `retry_delays` are seconds between tries."""

    def __init__(
        self,
        store: Store,
        leases: Leases[RowT],
        work: Work[RowT],
        *,
        concurrency: int,
        retry_delays: Sequence[float],
    ) -> None:
        self._store = store
        self._leases = leases
        self._work = work
        self._concurrency = concurrency
        self._retry_delays = retry_delays
        self.stop_seconds = STOP_SECONDS

    async def run(self, wakeup: asyncio.Event) -> None:
        """Claim and work until cancelled; then let what runs finish for up to STOP_SECONDS."""
        running: dict[asyncio.Task[None], str] = {}

        def ended(task: asyncio.Task[None]) -> None:
            del running[task]
            wakeup.set()

        try:
            while True:
                free = self._concurrency - len(running)
                for claim in await self._claim(free, Counter(running.values())):
                    crash_point("after-claim")
                    task = asyncio.create_task(self._process(claim))
                    running[task] = claim.row.workspace_id
                    task.add_done_callback(ended)
                await wait(wakeup, IDLE_SECONDS)
        finally:
            if running:
                await asyncio.wait(running, timeout=self.stop_seconds)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _claim(self, count: int, busy: Mapping[str, int]) -> list[Claim[RowT]]:
        if count == 0:
            return []
        crash_point("before-claim")
        try:
            async with self._store.worker() as session:
                return await self._leases.claim(session, count, busy)
        except (SQLAlchemyError, OSError) as error:
            log.warning("work.paused", reason=type(error).__name__)
            return []

    async def _process(self, claim: Claim[RowT]) -> None:
        beating = asyncio.create_task(self._beat(claim))
        trace_of_row = propagate.extract({"traceparent": claim.row.traceparent or ""})
        try:
            with tracer.start_as_current_span(
                f"work {claim.row.__tablename__}", context=trace_of_row
            ):
                await self._settle(claim, await self._outcome(claim))
        except LeaseLostError:
            log.warning("work.dropped", row_id=str(claim.row_id), reason="lease lost")
        except asyncio.CancelledError:
            await asyncio.shield(self._release(claim))
            raise
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _outcome(self, claim: Claim[RowT]) -> Finish | ServiceError:
        """Return how to finish, or why there is no result (this time)."""
        if claim.deaths >= MAX_DEATHS:
            return AbandonedError(f"{claim.deaths} processes ended while they worked on it")
        try:
            return await self._work.do(claim)
        except ServiceError as error:
            return error
        except Exception as error:
            log.exception("work.failed", row_id=str(claim.row_id))
            return UpstreamError(f"{type(error).__name__} while working")

    async def _settle(self, claim: Claim[RowT], outcome: Finish | ServiceError) -> None:
        """Store the outcome; while the database is away, keep trying as long as the lease lasts."""

        async def change(session: Session) -> None:
            await self._store_outcome(session, claim, outcome)
            crash_point("before-commit")

        await self._store.persist(change)
        crash_point("after-commit")

    async def _store_outcome(
        self, session: Session, claim: Claim[RowT], outcome: Finish | ServiceError
    ) -> None:
        if isinstance(outcome, UpstreamError) and claim.attempts <= len(self._retry_delays):
            asked = outcome.extra.get("retry_after_seconds")
            delay = self._retry_delays[claim.attempts - 1]
            if isinstance(asked, int | float):
                delay = max(delay, asked)
            await self._leases.retry(session, claim, delay)
            log.info("work.retried_later", row_id=str(claim.row_id), delay_seconds=delay)
            return
        await self._leases.finish(session, claim)
        if isinstance(outcome, ServiceError):
            await self._work.give_up(session, claim, outcome)
        else:
            await outcome(session)

    async def _beat(self, claim: Claim[RowT]) -> None:
        while True:
            await asyncio.sleep(self._store.lease.heartbeat_seconds)
            with suppress(SQLAlchemyError, OSError, LeaseLostError):
                async with self._store.worker() as session:
                    await self._leases.renew(session, claim)

    async def _release(self, claim: Claim[RowT]) -> None:
        with suppress(SQLAlchemyError, OSError, LeaseLostError):
            async with self._store.worker() as session:
                await self._leases.retry(session, claim, 0)
