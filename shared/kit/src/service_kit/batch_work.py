"""A pool for work that is a transaction alone: many leased rows at once, nothing slow between."""

import asyncio
from typing import Generic, Protocol
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.crash_points import crash_point
from service_kit.leases import Batch, Leases, RowT
from service_kit.store import Session, Store, is_away
from service_kit.wakeups import wait

MAX_ATTEMPTS = 5
"""How often a row that makes the work fail is tried before it is given up."""
FIRST_DELAY_SECONDS = 2.0

log = get_logger(__name__)


class BatchWork(Protocol):
    """What a service does with a batch of claimed rows."""

    def is_ready(self) -> bool:
        """Return whether it can work now; until then nothing is claimed."""
        ...

    async def do(self, session: Session, batch: Batch) -> None:
        """Work on the rows that still hold the lease, and end it, in this transaction.

        It may be called again for rows that it has dealt with: they hold no lease then.
        """
        ...

    async def give_up(self, session: Session, row_id: UUID) -> None:
        """Store that nothing comes of a row, and end its lease."""
        ...


class BatchPool(Generic[RowT]):
    """Works on up to `size` rows at a time; looks for due ones every `idle_seconds`."""

    def __init__(
        self,
        store: Store,
        leases: Leases[RowT],
        work: BatchWork,
        *,
        size: int,
        idle_seconds: float,
    ) -> None:
        self._store = store
        self._leases = leases
        self._work = work
        self._size = size
        self._idle_seconds = idle_seconds

    async def run(self, wakeup: asyncio.Event) -> None:
        """Claim and work until cancelled; a batch that is begun is finished."""
        while True:
            turn = asyncio.ensure_future(self._turn())
            try:
                full = await asyncio.shield(turn)
            except asyncio.CancelledError:
                await asyncio.wait([turn])
                raise
            if not full:
                await wait(wakeup, self._idle_seconds)

    async def _turn(self) -> bool:
        """Work on one batch; False: there was nothing (more) to do, or no way to do it."""
        if not self._work.is_ready():
            return False
        crash_point("before-claim")
        try:
            async with self._store.worker() as session:
                batch = await self._leases.claim_batch(session, self._size)
            if batch.row_ids:
                crash_point("after-claim")
                await self._process(batch)
        except (SQLAlchemyError, OSError) as error:
            log.warning("work.paused", reason=type(error).__name__)
            return False
        return len(batch.row_ids) == self._size

    async def _process(self, batch: Batch) -> None:
        """Work on the batch; if it fails, on each row alone, so that one costs no other."""

        async def change(session: Session) -> None:
            await self._work.do(session, batch)
            crash_point("before-commit")

        try:
            await self._store.persist(change)
        except Exception as error:
            if is_away(error):
                raise
            if len(batch.row_ids) == 1:
                log.exception("work.failed", row_id=str(batch.row_ids[0]))
                await self._retry_or_give_up(batch)
                return
            for row_id in batch.row_ids:
                await self._process(Batch(row_ids=[row_id], token=batch.token))
        crash_point("after-commit")

    async def _retry_or_give_up(self, batch: Batch) -> None:
        (row_id,) = batch.row_ids
        async with self._store.worker() as session:
            attempts = await self._leases.attempts(session, row_id)
            if attempts >= MAX_ATTEMPTS:
                await self._work.give_up(session, row_id)
            else:
                await self._leases.retry_batch(session, batch, FIRST_DELAY_SECONDS * 2**attempts)
