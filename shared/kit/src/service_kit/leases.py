"""Rows as work: claim with a lease, heartbeat, finish, retry later (ADR 0007).

A row waits when its `due_at` has come. While somebody works on it, `lease_token` is set and
`due_at` is when the lease ends: a process that dies lets it pass, and the row is claimed again.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Generic, Self, TypeVar
from uuid import UUID, uuid4

from prometheus_client import Counter
from sqlalchemy import (
    ARRAY,
    JSON,
    Computed,
    DateTime,
    Integer,
    String,
    TextClause,
    bindparam,
    column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service_kit.errors import ServiceError
from service_kit.lease_times import LeaseTimes
from service_kit.slots import SLOT_OF_WORKSPACE, SLOTS
from service_kit.store import Base, OwnedByWorkspace, Session, set_commit_time
from service_kit.wakeups import WORK_CHANNEL, notify

SPARE = 4
"""How many times more rows a claim looks at than it takes: others may be taking the same."""
REST_SECONDS = 5.0
"""How long a worker goes without a look at its table, however far away the next due item is."""
BUSY_SECONDS = 1.0
"""Until a worker looks again at due items that it could not take."""
MIN_DEPTH = 8
"""How many rows of a slot a claim looks at, at least."""
taken_over_total = Counter(
    "dramatis_leases_taken_over_total",
    "Claims of work during which a process has died before.",
    ["work"],
)
_SETTLING = "settling"
_NOW = column("now", DateTime(timezone=True))
NONE_BUSY: Mapping[str, int] = MappingProxyType({})


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
ItemT = TypeVar("ItemT")
Change = Callable[[Session], Awaitable[None]]
"""Stores a result; it may be called again, in another transaction."""
Keep = Callable[[Change], Awaitable[None]]


class LeaseLostError(ServiceError):
    """Somebody else has taken over the work; this result is dropped."""

    slug = "lease-lost"


async def _outside_a_pool(_: Change) -> None:
    raise RuntimeError("only a claim of a pool can keep a part of its result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Generic[ItemT]):
    """An item that this process may work on until the lease ends; `attempts` counts from 1.

    A claim that follows a death is the same attempt: `deaths` counts it.
    """

    item: ItemT
    item_id: UUID
    workspace_id: str
    token: UUID
    attempts: int
    deaths: int
    traceparent: str | None
    keep: Keep = _outside_a_pool
    """Stores a part of the result now, and renews the lease; LeaseLostError: it is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Items that this process may work on together until the lease ends, not read yet."""

    item_ids: Sequence[UUID]
    token: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a claim: the work goes on, is done, or is tried again."""

    item_id: UUID
    token: UUID
    due_in_seconds: float | None
    """Until the lease ends, or until it may be claimed again; None: it is done."""
    keeps_lease: bool = False

    @classmethod
    def finish(cls, claim: Claim[Any]) -> Self:
        """The work is done."""
        return cls(item_id=claim.item_id, token=claim.token, due_in_seconds=None)

    @classmethod
    def retry(cls, claim: Claim[Any], delay_seconds: float) -> Self:
        """The item may be claimed again after `delay_seconds`."""
        return cls(item_id=claim.item_id, token=claim.token, due_in_seconds=delay_seconds)

    @classmethod
    def renew(cls, claim: Claim[Any], lease: LeaseTimes) -> Self:
        """The work goes on: the lease lasts its whole time from now."""
        return cls(
            item_id=claim.item_id,
            token=claim.token,
            due_in_seconds=lease.lease_seconds,
            keeps_lease=True,
        )


class Leases(Generic[RowT, ItemT]):
    """The work in one table; `read` makes an item of a row.

    `settled_by_save`: the statement that stores an item's result writes what becomes of its lease,
    too (`settlement_of`, `settle_columns`), so that the row is written once.
    """

    def __init__(
        self,
        table: type[RowT],
        read: Callable[[RowT], ItemT],
        *,
        settled_by_save: bool = False,
    ) -> None:
        self._table = table
        self._read = read
        self._settled_by_save = settled_by_save
        name, key = table.__tablename__, table.__mapper__.primary_key[0].name
        self.name = name
        self._key_name = key
        claimed = _claim_statement(name, key)
        self._claim = claimed("*")
        self._claim_ids = claimed(f"{key}, {name}.deaths")
        self._settle = _settle_statement(name, key)
        self._hold = _hold_statement(name, key)
        self._late = _late_statement(name)
        self._taken_over = taken_over_total.labels(name)

    async def wake_workers(self, session: Session) -> None:
        """Wake the workers when this transaction, which has set `due_at`, commits."""
        await notify(session, WORK_CHANNEL, self.name)

    async def claim(
        self,
        session: Session,
        count: int,
        busy: Mapping[str, int] = NONE_BUSY,
        share: int | None = None,
    ) -> list[Claim[ItemT]]:
        """Take up to `count` due items, one of each workspace in turn.

        `busy` says how many items of a workspace are in work here: so many turns it has had. With
        these, no workspace gets more than `share`.
        """
        token = uuid4()
        statement = select(self._table).from_statement(self._claim)
        found = await session.scalars(statement, _wanted(session, token, count, busy, share))
        rows = found.all()
        self._taken_over.inc(sum(row.deaths > 0 for row in rows))
        return [
            Claim(
                item=self._read(row),
                item_id=getattr(row, self._key_name),
                workspace_id=row.workspace_id,
                token=token,
                attempts=row.attempts,
                deaths=row.deaths,
                traceparent=row.traceparent,
            )
            for row in rows
        ]

    async def claim_unread(self, session: Session, count: int) -> Claims:
        """Take up to `count` due items, one of each workspace in turn, without reading them."""
        token = uuid4()
        taken = _wanted(session, token, count)
        rows = (await session.execute(self._claim_ids, taken)).all()
        self._taken_over.inc(sum(deaths > 0 for _, deaths in rows))
        return Claims(item_ids=[item_id for item_id, _ in rows], token=token)

    async def late_seconds(self, session: Session) -> float:
        """Return how long the item that is due first has waited to be claimed; 0: none is due."""
        return max(0.0, await self._overdue_seconds(session))

    async def rest_seconds(self, session: Session) -> float:
        """Return how long a worker that has found nothing to claim may rest.

        Until the next item is due, or the lease of somebody who has died ends; at most
        REST_SECONDS. What is due, but cannot be claimed now, is looked at again after
        BUSY_SECONDS.
        """
        overdue = await self._overdue_seconds(session)
        return BUSY_SECONDS if overdue >= 0 else min(-overdue, REST_SECONDS)

    async def _overdue_seconds(self, session: Session) -> float:
        """Return since when the item that is due first is due; less than 0: it will be."""
        seconds = await session.scalar(self._late)
        return -REST_SECONDS if seconds is None else float(seconds)

    async def settle(
        self, session: Session, settlements: Iterable[Settlement]
    ) -> Mapping[UUID, RowT]:
        """Say what becomes of claims, in the transaction that stores their results.

        Returns the rows whose lease is still held, by id: the results of others must be dropped.
        As long as the caller holds them, `session.get` finds them without a statement.
        """
        return await self._find_held(session, self._settle, settlements)

    async def begin_settling(
        self, session: Session, settlements: Iterable[Settlement]
    ) -> Mapping[UUID, RowT]:
        """Settle, or, if a save does, lock the rows until `end_settling`; return as `settle`."""
        if not self._settled_by_save:
            return await self.settle(session, settlements)
        settling = {each.item_id: each for each in settlements}
        held = await self._find_held(session, self._hold, settling.values())
        session.info[_SETTLING] = {item_id: settling[item_id] for item_id in held}
        return held

    async def end_settling(self, session: Session) -> None:
        """Settle what no save has settled since `begin_settling`."""
        left: Mapping[UUID, Settlement] = session.info.pop(_SETTLING, {})
        if left:
            await self.settle(session, left.values())

    async def _find_held(
        self, session: Session, statement: TextClause, settlements: Iterable[Settlement]
    ) -> Mapping[UUID, RowT]:
        rows = [
            {
                "item_id": str(each.item_id),
                "token": str(each.token),
                "due_in": each.due_in_seconds,
                "keeps_lease": each.keeps_lease,
            }
            for each in settlements
        ]
        found = await session.execute(
            select(self._table, _NOW).from_statement(statement),
            {"rows": rows},
            execution_options={"populate_existing": True},
        )
        held = dict[UUID, RowT]()
        for row, now in found:
            held[getattr(row, self._key_name)] = row
            set_commit_time(session, now)
        return held

    async def renew(self, session: Session, claim: Claim[ItemT]) -> None:
        """Let the lease last its whole time from now, in a transaction of the work's own.

        Raises:
            LeaseLostError: it had ended and somebody else works on the item.
        """
        if not await self.settle(session, [Settlement.renew(claim, session.info["lease"])]):
            raise LeaseLostError(f"lease of {self.name} {claim.item_id}")

    async def attempts(self, session: Session, item_id: UUID) -> int:
        """Return how often the item was worked on, ended in some way or by a death."""
        row = await session.get_one(self._table, item_id)
        return row.attempts + row.deaths


SETTLEMENT: Mapping[str, str] = MappingProxyType(
    {"settles": "bool", "due_in": "float8", "keeps_lease": "bool"}
)
"""The columns of `settlement_of`, with their types in Postgres."""


def settle_columns(table: str) -> str:
    """Return the part of `update <table> set … from new` that writes `settlement_of`."""
    return (
        f"due_at = case when new.settles then now() + make_interval(secs => new.due_in)"
        f" else {table}.due_at end, lease_token = case when new.settles and not new.keeps_lease"
        f" then null else {table}.lease_token end"
    )


def settlement_of(session: Session, item_id: UUID) -> dict[str, object]:
    """Return what a save of this item has to write of its lease; it must do so."""
    settling: dict[UUID, Settlement] = session.info.get(_SETTLING, {})
    settlement = settling.pop(item_id, None)
    if settlement is None:
        return {"settles": False, "due_in": None, "keeps_lease": True}
    return {
        "settles": True,
        "due_in": settlement.due_in_seconds,
        "keeps_lease": settlement.keeps_lease,
    }


def heartbeat_at(session: Session, row: Leased) -> datetime | None:
    """Return when the process that works on `row` last gave a sign; None: nobody does."""
    if row.lease_token is None or row.due_at is None:
        return None
    return row.due_at - timedelta(seconds=_lease_seconds(session))


def _lease_seconds(session: Session) -> float:
    times: LeaseTimes = session.info["lease"]
    return times.lease_seconds


def _wanted(
    session: Session,
    token: UUID,
    count: int,
    busy: Mapping[str, int] = NONE_BUSY,
    share: int | None = None,
) -> dict[str, object]:
    return {
        "count": count,
        "share": share,
        "depth": max(MIN_DEPTH, count * SPARE // SLOTS),
        "busy": list(busy),
        "turns": list(busy.values()),
        "token": token,
        "lease_seconds": _lease_seconds(session),
    }


def _settle_statement(table: str, key: str) -> TextClause:
    return text(
        f"""
        with new as (
          select * from json_to_recordset(:rows)
            as new(item_id uuid, token uuid, due_in float8, keeps_lease bool)
        ), held as (
          select {table}.{key} from {table} join new on {table}.{key} = new.item_id
            and {table}.lease_token = new.token
          order by {table}.{key} for update of {table}
        )
        update {table} set due_at = now() + make_interval(secs => new.due_in),
          lease_token = case when new.keeps_lease then {table}.lease_token end
        from new join held on held.{key} = new.item_id
        where {table}.{key} = new.item_id returning {table}.*, clock_timestamp() as now
        """  # noqa: S608 — both names are our own tables'
    ).bindparams(bindparam("rows", type_=JSON))


def _hold_statement(table: str, key: str) -> TextClause:
    return text(
        f"""
        with held as materialized (
          select {table}.* from {table} join json_to_recordset(:rows)
            as new(item_id uuid, token uuid) on {table}.{key} = new.item_id
            and {table}.lease_token = new.token
          order by {table}.{key} for update of {table}
        )
        select held.*, clock_timestamp() as now from held
        """  # noqa: S608 — both names are our own tables'
    ).bindparams(bindparam("rows", type_=JSON))


def _late_statement(table: str) -> TextClause:
    return text(
        f"""
        select extract(epoch from clock_timestamp() - min(due_at))
        from generate_series(0, {SLOTS - 1}) as one_slot cross join lateral (
          select due_at from {table}
          where {table}.slot = one_slot and due_at is not null order by due_at limit 1
        ) first
        """  # noqa: S608 — the name is our own table's
    )


def _claim_statement(table: str, key: str) -> Callable[[str], TextClause]:
    """Take the oldest due rows, one of each workspace in turn, without visiting all workspaces.

    Workspaces are dealt to SLOTS by a hash, and of each slot the oldest rows are looked at. Where
    one workspace fills what is seen of its slot, others may stand behind it: the workspaces of that
    slot alone are then walked, by a loose index scan. `busy` are workspaces that have had a turn.
    """
    statement = f"""
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
          where :share is null or turn + coalesce(turns, 0) <= :share
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
        from locked where {table}.{key} = locked.{key} returning {table}.
        """  # noqa: S608 — the names are our own tables'
    parameters = (
        bindparam("busy", type_=ARRAY(String)),
        bindparam("turns", type_=ARRAY(Integer)),
        bindparam("share", type_=Integer),
    )
    return lambda returned: text(statement.rstrip() + returned).bindparams(*parameters)
