"""Results that are ready together share a transaction: one commit for many claims."""

import asyncio
from collections.abc import Collection, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from service_kit import grouped_writes
from service_kit.crash_points import crash_point
from service_kit.leases import Change, LeaseLostError, Leases, Settlement
from service_kit.store import Session, Store, is_away

MOST = 100
"""How many results one transaction stores."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    settlement: Settlement
    change: Change
    stored: asyncio.Future[None]
    context: Context = field(default_factory=copy_context)
    """Whoever waits: its trace goes into what the change publishes."""


class SharedCommits:
    """Stores what becomes of claims of one table, in the order in which it is ready."""

    def __init__(self, store: Store, leases: Leases[Any, Any]) -> None:
        self._store = store
        self._leases = leases
        self._waiting: list[_Waiting] = []
        self._some = asyncio.Event()

    async def run(self) -> None:
        """Store what is ready until cancelled."""
        while True:
            await self._some.wait()
            together = self._take()
            if not self._waiting:
                self._some.clear()
            if together:
                await self._commit(together)

    def _take(self) -> list[_Waiting]:
        """Return what is stored next: of each item one result, for they follow each other."""
        together = dict[UUID, _Waiting]()
        later = list[_Waiting]()
        for one in self._waiting:
            if one.stored.cancelled():
                continue
            if len(together) < MOST and one.settlement.item_id not in together:
                together[one.settlement.item_id] = one
            else:
                later.append(one)
        self._waiting = later
        return list(together.values())

    async def store(self, settlement: Settlement, change: Change) -> None:
        """Return once both are committed.

        While the database is away, it is tried again as long as a lease surely lasts.

        Raises:
            LeaseLostError: somebody else works on the item; nothing was stored.
        """
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(settlement, change, stored))
        self._some.set()
        await stored

    async def _commit(self, together: Sequence[_Waiting]) -> None:
        """Store all at once; if that fails, each alone, so that one costs no other."""
        held: Collection[UUID] = frozenset[UUID]()

        async def change(session: Session) -> None:
            nonlocal held
            held = await self._change_all(session, together)

        try:
            await self._store.persist(change)
        except Exception as error:  # noqa: BLE001 — whoever waits for the result decides
            if len(together) == 1 or is_away(error):
                _tell(together, error)
                return
            for one in together:
                await self._commit([one])
            return
        if not all(one.settlement.keeps_lease for one in together):
            crash_point("after-commit")
        for one in together:
            lost = one.settlement.item_id not in held
            name = f"lease of {self._leases.name} {one.settlement.item_id}"
            _tell([one], LeaseLostError(name) if lost else None)

    async def _change_all(self, session: Session, together: Sequence[_Waiting]) -> Collection[UUID]:
        grouped_writes.hold(session)
        # Held until the end: a row that nobody holds is loaded again by the change.
        held = await self._leases.begin_settling(session, [one.settlement for one in together])
        for one in together:
            if one.settlement.item_id in held:
                await asyncio.create_task(_run(one.change, session), context=one.context)
        await grouped_writes.release(session)
        await self._leases.end_settling(session)
        if not all(one.settlement.keeps_lease for one in together):
            crash_point("before-commit")
        return held


async def _run(change: Change, session: Session) -> None:
    await change(session)


def _tell(waiting: Sequence[_Waiting], error: Exception | None) -> None:
    for one in waiting:
        if one.stored.done():
            continue
        if error is None:
            one.stored.set_result(None)
        else:
            one.stored.set_exception(error)
