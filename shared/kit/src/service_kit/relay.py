"""Carries committed outbox rows to the broker: one leader, in order, within milliseconds."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Protocol

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from prometheus_client import Counter, Gauge
from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.crash_points import crash_point
from service_kit.health import Health
from service_kit.leadership import Leadership
from service_kit.outbox import OutboxRow
from service_kit.publishing import Message, send_batch
from service_kit.repeating import repeat
from service_kit.store import Session, Store, after_commit, any_of
from service_kit.wakeups import wait

BATCH = 500
RETRY_SECONDS = 1.0
"""Until publishing is tried again after the broker or the store was away."""
WATCH_SECONDS = 2.0
LATE_SECONDS = 5.0
"""What has waited longer than this to be published is a reason to call publishing degraded."""

log = get_logger(__name__)
published_total = Counter(
    "dramatis_events_published_total", "Events that the broker has stored.", ["stream"]
)
oldest_seconds = Gauge(
    "dramatis_outbox_oldest_seconds",
    "Age of the oldest message that waits to be stored.",
    ["stream"],
)


class Source(Protocol):
    """Something committed that is to be published, such as the outbox."""

    async def drain(self, session: Session, connection: Client) -> bool:
        """Publish some of it and mark it so; True when there may be more.

        Raises:
            nats.errors.Error: the broker is away; nothing was marked.
        """
        ...

    async def oldest(self, session: Session) -> Mapping[str, float]:
        """Return how many seconds the oldest unpublished message of each stream has waited."""
        ...


class Outbox:
    """The outbox as a source: the oldest unpublished rows, one atomic batch per stream."""

    async def drain(self, session: Session, connection: Client) -> bool:
        """Publish up to BATCH rows, in order of `id` within each stream."""
        rows = list(
            await session.execute(
                select(
                    OutboxRow.id,
                    OutboxRow.stream,
                    OutboxRow.subject,
                    OutboxRow.event_id,
                    OutboxRow.headers,
                    OutboxRow.body,
                )
                .where(OutboxRow.published_at.is_(None))
                .order_by(OutboxRow.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
        )
        if rows:
            crash_point("relay-before-publish")
        by_stream = sorted(rows, key=lambda row: row.stream)
        for _, group in groupby(by_stream, key=lambda row: row.stream):
            await self._publish(session, connection, list(group))
        return len(rows) == BATCH

    async def oldest(self, session: Session) -> Mapping[str, float]:
        """Return the age in seconds of the oldest unpublished row of each stream."""
        age = func.extract("epoch", func.clock_timestamp() - func.min(OutboxRow.created_at))
        rows = await session.execute(
            select(OutboxRow.stream, age)
            .where(OutboxRow.published_at.is_(None))
            .group_by(OutboxRow.stream)
        )
        return {stream: float(seconds) for stream, seconds in rows}

    async def _publish(
        self, session: Session, connection: Client, rows: Sequence[Row[*tuple[Any, ...]]]
    ) -> None:
        await send_batch(connection, [_message(row) for row in rows])
        crash_point("relay-after-publish")
        await session.execute(
            update(OutboxRow)
            .where(any_of(OutboxRow.id, [row.id for row in rows]))
            .values(published_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )
        counted = published_total.labels(rows[0].stream)
        after_commit(session, lambda: counted.inc(len(rows)))


def _words(error: Exception) -> str:
    words = error.description if isinstance(error, APIError) else str(error)
    return words or type(error).__name__


def _message(row: Row[*tuple[Any, ...]]) -> Message:
    return Message(
        subject=row.subject,
        body=row.body,
        headers={**row.headers, "Nats-Msg-Id": str(row.event_id)},
    )


class Relay:
    """Drains every source while it leads; its broker connection must buffer nothing."""

    def __init__(
        self,
        service_store: Store,
        connection: Client,
        sources: Sequence[Source],
        *,
        streams: Iterable[str] = (),
    ) -> None:
        """Take the streams that are written, for the metrics of those that nothing waits for."""
        self._store = service_store
        self._connection = connection
        self._sources = sources
        self._leadership = Leadership("relay", service_store)
        self._rest_seconds = service_store.lease.leadership_seconds / 4
        self._refused = ""
        self._streams = tuple(streams)
        for stream in self._streams:
            published_total.labels(stream)

    async def run(self, wakeup: asyncio.Event) -> None:
        """Publish whenever `wakeup` is set, and look now and then, until cancelled."""
        try:
            while True:
                await wait(wakeup, self._rest_seconds if await self._turn() else RETRY_SECONDS)
        finally:
            await self._step_down()

    async def watch(self, health: Health) -> None:
        """Tell `health`, and the gauge, when messages wait for LATE_SECONDS, until cancelled."""
        await repeat(partial(self._look, health), WATCH_SECONDS, failed="relay.not_watched")

    async def _look(self, health: Health) -> None:
        ages = dict.fromkeys(self._streams, 0.0)
        async with self._store.worker() as session:
            for source in self._sources:
                ages |= await source.oldest(session)
        oldest_seconds.clear()
        for stream, seconds in ages.items():
            oldest_seconds.labels(stream).set(seconds)
        late = sorted(stream for stream, seconds in ages.items() if seconds > LATE_SECONDS)
        if late:
            why = f": {self._refused}" if self._refused else ""
            health.degraded("publishing", f"{', '.join(late)} waits{why}")
        else:
            health.recovered("publishing")

    async def _turn(self) -> bool:
        """Drain everything, if this process leads; False when the broker or the store is away."""
        try:
            more = True
            while more:
                if not await self._leadership.hold():
                    break
                more = await self._drain_once()
            self._refused = ""
        except (NatsError, OSError, SQLAlchemyError, TimeoutError) as error:
            self._refused = _words(error)
            log.warning("relay.paused", reason=type(error).__name__)
            await asyncio.sleep(0.2)
            return False
        return True

    async def _drain_once(self) -> bool:
        more = False
        for source in self._sources:
            async with self._store.worker() as session:
                more |= await source.drain(session, self._connection)
        return more

    async def _step_down(self) -> None:
        try:
            await self._leadership.release()
        except SQLAlchemyError as error:
            log.warning("relay.lease_left_to_expire", reason=type(error).__name__)
