"""Rows as work: claim with a lease, heartbeat, finish, retry later (ADR 0007).

A row waits when its `due_at` has come. While somebody works on it, `lease_token` is set and
`due_at` is when the lease ends: a process that dies lets it pass, and the row is claimed again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    Computed,
    Integer,
    String,
    TextClause,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.errors import ServiceError
from service_kit.lease_times import LeaseTimes
from service_kit.slots import SLOT_OF_WORKSPACE, SLOTS
from service_kit.store import Base, OwnedByWorkspace, Session, any_of
from service_kit.wakeups import WORK_CHANNEL, notify

SPARE = 4
"""How many times more rows a claim looks at than it takes: others may be taking the same."""
MIN_DEPTH = 8
"""How many rows of a slot a claim looks at, at least."""
NOBODY_BUSY: Mapping[str, int] = MappingProxyType({})


class Leased(OwnedByWorkspace, Base):
    """The columns of a table whose rows are work; its primary key must be one UUID column.

    Its migration must call `service_kit.migrations.index_due`.
    """

    __abstract__ = True

    due_at: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(default=0)
    """Tries that were begun and ended in some way, and the present one."""
    deaths: Mapped[int] = mapped_column(default=0)
    """How often a process went without a word while it worked on the row."""
    traceparent: Mapped[str | None]
    """The trace that the work belongs to (W3C)."""
    slot: Mapped[int] = mapped_column(Computed(SLOT_OF_WORKSPACE, persisted=True))


RowT = TypeVar("RowT", bound=Leased)


class LeaseLostError(ServiceError):
    """Somebody else has taken over the work; this result is dropped."""

    slug = "lease-lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Generic[RowT]):
    """A row that this process may work on until the lease ends; `attempts` counts from 1.

    A claim that follows a death is the same attempt: `deaths` counts it.
    """

    row: RowT
    row_id: UUID
    token: UUID
    attempts: int
    deaths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that this process may work on together until the lease ends."""

    row_ids: Sequence[UUID]
    token: UUID


class Leases(Generic[RowT]):
    """The work in one table."""

    def __init__(self, table: type[RowT]) -> None:
        self._table = table
        self._key: Any = table.__mapper__.primary_key[0]
        self._claim = _claim_statement(table.__tablename__, self._key.name)

    async def wake_workers(self, session: Session) -> None:
        """Wake the workers when this transaction, which has set `due_at`, commits."""
        await notify(session, WORK_CHANNEL)

    async def claim(
        self, session: Session, count: int, busy: Mapping[str, int] = NOBODY_BUSY
    ) -> list[Claim[RowT]]:
        """Take up to `count` due rows, one of each workspace in turn.

        `busy` says how many rows of a workspace are in work here: so many turns it has had.
        """
        batch = await self.claim_batch(session, count, busy)
        if not batch.row_ids:
            return []
        rows = await session.scalars(select(self._table).where(any_of(self._key, batch.row_ids)))
        return [
            Claim(
                row=row,
                row_id=getattr(row, self._key.name),
                token=batch.token,
                attempts=row.attempts,
                deaths=row.deaths,
            )
            for row in rows
        ]

    async def claim_batch(
        self, session: Session, count: int, busy: Mapping[str, int] = NOBODY_BUSY
    ) -> Batch:
        """Take up to `count` due rows, one of each workspace in turn, without reading them."""
        token = uuid4()
        taken = {
            "count": count,
            "depth": max(MIN_DEPTH, count * SPARE // SLOTS),
            "busy": list(busy),
            "turns": list(busy.values()),
            "token": token,
            "lease_seconds": _lease_seconds(session),
        }
        return Batch(row_ids=(await session.scalars(self._claim, taken)).all(), token=token)

    async def retry_batch(self, session: Session, batch: Batch, delay_seconds: float) -> None:
        """Let the rows of `batch` that are still held be claimed after `delay_seconds`."""
        await session.execute(
            update(self._table)
            .where(any_of(self._key, batch.row_ids), self._table.lease_token == batch.token)
            .values(due_at=_from_now(delay_seconds), lease_token=None)
            .execution_options(synchronize_session=False)
        )

    async def attempts(self, session: Session, row_id: UUID) -> int:
        """Return how often the row was worked on, ended in some way or by a death."""
        row = await session.get_one(self._table, row_id)
        return row.attempts + row.deaths

    async def renew(self, session: Session, claim: Claim[RowT]) -> None:
        """Heartbeat: the lease lasts its whole time from now.

        Raises:
            LeaseLostError: it had ended and somebody else works on the row.
        """
        await self._set(session, claim, due_at=_from_now(_lease_seconds(session)))

    async def finish(self, session: Session, claim: Claim[RowT]) -> None:
        """Mark the work done, in the transaction that stores its result.

        Raises:
            LeaseLostError: the result must be dropped.
        """
        await self._set(session, claim, due_at=None, lease_token=None)

    async def retry(self, session: Session, claim: Claim[RowT], delay_seconds: float) -> None:
        """Let the row be claimed again after `delay_seconds`.

        Raises:
            LeaseLostError: somebody else works on the row.
        """
        await self._set(session, claim, due_at=_from_now(delay_seconds), lease_token=None)

    async def _set(self, session: Session, claim: Claim[RowT], **values: object) -> None:
        held = await session.scalar(
            update(self._table)
            .where(self._key == claim.row_id, self._table.lease_token == claim.token)
            .values(**values)
            .returning(self._key)
            .execution_options(synchronize_session=False)
        )
        if held is None:
            raise LeaseLostError(f"lease of {self._table.__tablename__} {claim.row_id}")


def heartbeat_at(session: Session, row: Leased) -> datetime | None:
    """Return when the process that works on `row` last gave a sign; None: nobody does."""
    if row.lease_token is None or row.due_at is None:
        return None
    return row.due_at - timedelta(seconds=_lease_seconds(session))


def _lease_seconds(session: Session) -> float:
    times: LeaseTimes = session.info["lease"]
    return times.lease_seconds


def _from_now(seconds: float) -> Any:  # noqa: ANN401 — an SQL expression of either kind
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _claim_statement(table: str, key: str) -> TextClause:
    """Take the oldest due rows, one of each workspace in turn, without visiting all workspaces.

    Workspaces are dealt to SLOTS by a hash, and of each slot the oldest rows are looked at. Where
    one workspace fills what is seen of its slot, others may stand behind it: the workspaces of that
    slot alone are then walked, by a loose index scan. `busy` are workspaces that have had a turn.
    """
    return text(
        f"""
        with recursive seen as materialized (
          select one_slot as slot, oldest.{key}, oldest.workspace_id,
            row_number() over (partition by oldest.workspace_id order by oldest.due_at) as turn
          from generate_series(0, {SLOTS - 1}) as one_slot cross join lateral (
            select {key}, workspace_id, due_at from {table}
            where {table}.slot = one_slot and due_at <= now() order by due_at limit :depth
          ) oldest
        ), crowded as (
          select slot from seen group by slot
          having count(*) = :depth and max(turn) > :depth / 8
        ), waiting as (
          select slot, (select workspace_id from {table} first
            where first.slot = crowded.slot and due_at is not null
            order by workspace_id limit 1) as workspace_id
          from crowded
          union all
          select slot, (select workspace_id from {table} following
            where following.slot = waiting.slot and due_at is not null
              and following.workspace_id > waiting.workspace_id order by workspace_id limit 1)
          from waiting where waiting.workspace_id is not null
        ), candidate as (
          select {key}, workspace_id, turn from seen where slot not in (select slot from crowded)
          union all
          select oldest.{key}, waiting.workspace_id, oldest.turn from waiting cross join lateral (
            select {key}, row_number() over (order by due_at) as turn from (
              select {key}, due_at from {table} where {table}.slot = waiting.slot
                and workspace_id = waiting.workspace_id and due_at <= now()
              order by due_at limit :count * {SPARE}
            ) due
          ) oldest
        ), chosen as materialized (
          select {key}, turn + coalesce(turns, 0) as turn
          from candidate left join unnest(:busy, :turns) as had(busy, turns) on busy = workspace_id
          order by 2, random() limit :count * {SPARE}
        ), locked as (
          select due.{key} from (select * from chosen order by turn) as best cross join lateral (
            select {key} from {table} where {table}.{key} = best.{key} and due_at <= now()
            for update skip locked
          ) due limit :count
        )
        update {table} set lease_token = :token,
          attempts = attempts + (lease_token is null)::int,
          deaths = deaths + (lease_token is not null)::int,
          due_at = now() + make_interval(secs => :lease_seconds)
        from locked where {table}.{key} = locked.{key} returning {table}.{key}
        """  # noqa: S608 — the names are our own tables'
    ).bindparams(bindparam("busy", type_=ARRAY(String)), bindparam("turns", type_=ARRAY(Integer)))
