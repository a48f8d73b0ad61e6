"""A pool for work that is a transaction alone: many leased rows at once, nothing slow between."""

import asyncio
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.crash_points import crash_point
from service_kit.leases import BUSY_SECONDS, REST_SECONDS, Claims, Leases, Settlement
from service_kit.store import Session, Store, is_away
from service_kit.wakeups import wait

MAX_ATTEMPTS = 5
"""How often a row that makes the work fail is tried before it is given up."""
FIRST_DELAY_SECONDS = 2.0

log = get_logger(__name__)


class BatchWork(Protocol):
    """What a service does with many claimed items at once."""

    def is_ready(self) -> bool:
        """Return whether it can work now; until then nothing is claimed."""
        ...

    async def do(self, session: Session, claims: Claims) -> None:
        """Work on the items that still hold the lease, and end it, in this transaction.

        It may be called again for items that it has dealt with: they hold no lease then.
        """
        ...

    async def give_up(self, session: Session, item_id: UUID) -> None:
        """Store that there will be no result, and end the lease."""
        ...


class BatchPool:
    """Works on up to `size` items at a time."""

    def __init__(
        self,
        store: Store,
        leases: Leases[Any, Any],
        work: BatchWork,
        *,
        size: int,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self.name = leases.name
        self._store = store
        self.leases = leases
        self._work = work
        self._size = size
        self._longest_rest = rest_seconds

    async def run(self, wakeup: asyncio.Event) -> None:
        """Claim and work until cancelled; a batch that is begun is finished."""
        while True:
            turn = asyncio.ensure_future(self._turn())
            try:
                rest_seconds = await asyncio.shield(turn)
            except asyncio.CancelledError:
                await asyncio.wait([turn])
                raise
            if rest_seconds:
                await wait(wakeup, rest_seconds)

    async def _turn(self) -> float:
        """Work on one batch; return how long to rest when there is no more, or no way to do it."""
        if not self._work.is_ready():
            return BUSY_SECONDS
        crash_point("before-claim")
        try:
            async with self._store.worker() as session:
                claims = await self.leases.claim_unread(session, self._size)
                if not claims.item_ids:
                    rest_seconds = await self.leases.rest_seconds(session)
                    return min(rest_seconds, self._longest_rest)
            crash_point("after-claim")
            await self._process(claims)
        except (SQLAlchemyError, OSError) as error:
            log.warning("work.paused", reason=type(error).__name__)
            return BUSY_SECONDS
        return 0

    async def _process(self, claims: Claims) -> None:
        """Work on all; if that fails, on each item alone, so that one costs no other."""

        async def change(session: Session) -> None:
            await self._work.do(session, claims)
            crash_point("before-commit")

        try:
            await self._store.persist(change)
        except Exception as error:
            if is_away(error):
                raise
            if len(claims.item_ids) == 1:
                (item_id,) = claims.item_ids
                log.exception("work.failed", row_id=str(item_id))
                await self._retry_or_give_up(item_id, claims.token)
                return
            for item_id in claims.item_ids:
                await self._process(Claims(item_ids=[item_id], token=claims.token))
        crash_point("after-commit")

    async def _retry_or_give_up(self, item_id: UUID, token: UUID) -> None:
        async with self._store.worker() as session:
            attempts = await self.leases.attempts(session, item_id)
            if attempts >= MAX_ATTEMPTS:
                await self._work.give_up(session, item_id)
                return
            delay = FIRST_DELAY_SECONDS * 2**attempts
            retry = Settlement(item_id=item_id, token=token, due_in_seconds=delay)
            await self.leases.settle(session, [retry])
