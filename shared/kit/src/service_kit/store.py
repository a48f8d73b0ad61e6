"""The service's own Postgres: engine, transactions by role, and the columns every row has.

Each transaction starts by taking a role (ADR 0008): `<svc>_api` sees the rows of one workspace
(forced row-level security), `<svc>_worker` sees all. The login `<svc>` itself sees nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Any, cast
from uuid import UUID

from prometheus_client import Gauge, Histogram
from psycopg.sql import Literal
from pydantic import TypeAdapter
from sqlalchemy import (
    ARRAY,
    URL,
    ColumnElement,
    DateTime,
    MetaData,
    String,
    any_,
    bindparam,
    event,
    func,
    make_url,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, QueryableAttribute, mapped_column
from sqlalchemy.pool import QueuePool

from service_kit.lease_times import LeaseTimes
from service_kit.postgres_connection import PostgresConnection

LEASE_TIMES = LeaseTimes()
AWAY_SECONDS = 0.5
"""Between two attempts to reach a database that is away."""

Session = AsyncSession
"""What use cases get: an open transaction that they never commit."""

_JSON = TypeAdapter[Any](Any)
"""Reads and writes JSON columns: several times as fast as `json`, which outbox rows wait for."""

_COMMIT_TIME = "commit_time"

connections_in_use = Gauge("dramatis_database_connections_in_use", "Of the pool's connections.")
connection_wait_seconds = Histogram(
    "dramatis_database_connection_wait_seconds",
    "How long a transaction waited for a connection of the pool.",
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10),
)


class Base(DeclarativeBase):
    """The base of a service's tables; each service has one database, so one metadata is enough."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
    type_annotation_map = {  # noqa: RUF012 — SQLAlchemy reads this class attribute
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


class OwnedByWorkspace:
    """The tenant column; the table's migration must call `service_kit.migrations.protect`."""

    workspace_id: Mapped[str] = mapped_column(String(64))


def normalise_url(database_url: str) -> URL:
    """Return `database_url` for psycopg 3: `postgres://` and `postgresql://` are both understood.

    Query parameters such as `sslmode=` pass through, as libpq knows them.

    Raises:
        ValueError: it is not a Postgres URL. The text does not repeat the URL, which may hold a
            password.
    """
    try:
        url = make_url(database_url)
    except Exception as error:
        raise ValueError("the database URL cannot be read") from error
    if url.get_backend_name() not in {"postgres", "postgresql"}:
        raise ValueError("the database URL must start with postgresql://")
    return url.set(drivername="postgresql+psycopg")


class Store:
    """Opens transactions in one of the service's two roles."""

    def __init__(
        self,
        database_url: str,
        service: str,
        *,
        pool_size: int = 10,
        lease: LeaseTimes = LEASE_TIMES,
    ) -> None:
        self.service = service
        self.lease = lease
        self.role = service.removesuffix("-svc")
        self.engine: AsyncEngine = create_async_engine(
            normalise_url(database_url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            isolation_level="AUTOCOMMIT",  # `_open` sends the `begin`
            hide_parameters=True,
            json_serializer=_to_json,
            json_deserializer=_JSON.validate_json,
            connect_args={
                "connect_timeout": 5,
                "prepare_threshold": 2,
                "async_creator_fn": PostgresConnection.connect,
            },
        )
        connections_in_use.set_function(cast("QueuePool", self.engine.pool).checkedout)
        self._sessions = async_sessionmaker(
            self.engine, expire_on_commit=False, info={"service": service, "lease": lease}
        )

    def workspace(
        self, workspace_id: str, persona_ids: Collection[UUID] | None = None
    ) -> AbstractAsyncContextManager[Session]:
        """Open a transaction that sees one workspace only; it commits at the end of the block.

        With `persona_ids` it sees, of tables that `limit_to_personas`, the rows of these alone.
        """
        limit = ""
        if persona_ids is not None:
            named = ",".join(map(str, persona_ids)) or "none"
            limit = f"; set local dramatis.persona_ids = {Literal(named).as_string()}"
        return self._transaction(f"{self.role}_api", workspace_id, limit)

    def worker(self) -> AbstractAsyncContextManager[Session]:
        """Open a transaction that sees every workspace: batches, relay, leases."""
        return self._transaction(f"{self.role}_worker", "")

    @asynccontextmanager
    async def _transaction(
        self, role: str, workspace_id: str, limit: str = ""
    ) -> AsyncGenerator[Session]:
        begin = (
            f"begin; set local role {role};"
            f" set local dramatis.workspace_id = {Literal(workspace_id).as_string()}{limit}"
        )
        try:
            session = await self._begin(begin)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            session = await self._begin(begin)  # the pool has dropped what was lost
        async with session:
            yield session
            await session.commit()

    async def _begin(self, begin: str) -> Session:
        """Return a session whose transaction is open: one message to the server."""
        session, asked_at = self._sessions(), monotonic()
        try:
            connection = await session.connection()
            connection_wait_seconds.observe(monotonic() - asked_at)
            await connection.exec_driver_sql(begin, execution_options={"no_parameters": True})
        except BaseException:
            await session.close()
            raise
        return session

    async def persist(self, change: Callable[[Session], Awaitable[None]]) -> None:
        """Commit `change` as a worker; while the database is away, as long as a lease surely lasts.

        A commit whose answer was lost is run again, so `change` must bear that.
        """
        deadline = monotonic() + self.lease.settle_seconds
        while True:
            try:
                async with self.worker() as session:
                    await change(session)
            except (SQLAlchemyError, OSError) as error:
                if monotonic() > deadline or not is_away(error):
                    raise
                await asyncio.sleep(AWAY_SECONDS)
            else:
                return

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def database_now(session: Session) -> datetime:
    """Return the time by the database's clock (UTC): what decisions use, on every replica.

    It goes on within a transaction, so that what is asked after a lock is later than what the lock
    was waited for.
    """
    return (await session.scalars(select(func.clock_timestamp()))).one().astimezone(UTC)


async def commit_time(session: Session) -> datetime:
    """Return `database_now`, asked once in a transaction: the time of all results that share it."""
    if _COMMIT_TIME not in session.info:
        set_commit_time(session, await database_now(session))
    return session.info[_COMMIT_TIME]


def set_commit_time(session: Session, now: datetime) -> None:
    """Let `commit_time` return `now`, which another statement has brought along."""
    session.info.setdefault(_COMMIT_TIME, now.astimezone(UTC))


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Have `act` called once the transaction has committed, so never for a try that failed."""

    def committed(_: object) -> None:
        act()

    event.listen(session.sync_session, "after_commit", committed, once=True)


def _to_json(value: object) -> str:
    return _JSON.dump_json(value).decode()


def any_of(column: QueryableAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Say that `column` equals one of `values`, in a statement whose text is always the same.

    An `IN` list has another text for each number of values, which is then never prepared.
    """
    return column == any_(bindparam(None, list(values), ARRAY(column.type), unique=True))


def pair_of(
    first: QueryableAttribute[Any],
    second: QueryableAttribute[Any],
    values: Iterable[tuple[Any, Any]],
) -> ColumnElement[bool]:
    """Say the same of two columns together."""
    pairs = sorted(set(values))
    arrays = (
        bindparam(None, [pair[index] for pair in pairs], ARRAY(column.type), unique=True)
        for index, column in enumerate((first, second))
    )
    return tuple_(first, second).in_(select(*(func.unnest(array) for array in arrays)))


def is_away(error: BaseException) -> bool:
    """Return whether the database cannot be reached now (as opposed to: the query is wrong)."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | OSError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
