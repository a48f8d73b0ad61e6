"""Streams and consumers kept in being, and a lost store refilled (reliability.md F4)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from nats.errors import Error as NatsError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.broker import Broker
from service_kit.health import Health
from service_kit.store import Session, Store
from service_kit.topology import (
    ADVISORY_STREAM,
    DEAD_STREAM,
    ensure_consumer,
    ensure_stream,
)
from service_kit.wakeups import OUTBOX_CHANNEL, notify

EVERY_SECONDS = 15
RETRY_SECONDS = 1

Refill = Callable[[Session, str], Awaitable[int]]
"""Marks what a lost stream held as unpublished and returns how many messages that is."""

log = get_logger(__name__)


class Reconciler:
    """Compares what the broker has with what this service needs, again and again."""

    def __init__(
        self,
        store: Store,
        broker: Broker,
        health: Health,
        *,
        owned: Mapping[str, Refill],
        followed: Sequence[str] = (),
        replicas: int,
    ) -> None:
        """Take the streams that this service writes, each with how to refill it, and follows."""
        self._store = store
        self._broker = broker
        self._health = health
        self._owned = owned
        self._replicas = replicas
        read = {durable.stream for durable in broker.durables}
        self._streams: Sequence[str] = sorted(
            {*owned, *followed, *read, DEAD_STREAM, ADVISORY_STREAM}
        )

    async def run(self) -> None:
        """Reconcile every EVERY_SECONDS until cancelled; sooner after a failure."""
        while True:
            try:
                await self.once()
            except (NatsError, OSError, TimeoutError, SQLAlchemyError) as error:
                self._health.degraded("broker")
                log.warning("reconcile.failed", reason=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._health.recovered("broker")
                await self._rest()

    async def once(self) -> None:
        """Create what is missing, begin to consume, and refill what was replaced."""
        js = self._broker.js
        created = {
            name: await ensure_stream(js, name, replicas=self._replicas) for name in self._streams
        }
        for durable in self._broker.durables:
            await ensure_consumer(js, durable)
        await self._broker.consume()
        for name in self._owned:
            await self._notice(name, created[name])

    async def _notice(self, stream: str, created: str) -> None:
        """Refill `stream` if it is not the one that was there before."""
        async with self._store.worker() as session:
            seen = await session.scalar(
                text("select created from stream_seen where stream = :stream for update"),
                {"stream": stream},
            )
            if seen == created:
                return
            if seen is not None:
                count = await self._owned[stream](session, stream)
                log.warning("stream.refilled", stream=stream, messages=count)
                await notify(session, OUTBOX_CHANNEL)
            await session.execute(
                text(
                    "insert into stream_seen (stream, created) values (:stream, :created)"
                    " on conflict (stream) do update set created = excluded.created"
                ),
                {"stream": stream, "created": created},
            )

    async def _rest(self) -> None:
        """Wait, but notice a reconnect at once: the store may be another one."""
        before = self._broker.reconnects
        for _ in range(EVERY_SECONDS):
            await asyncio.sleep(1)
            if not self._broker.is_connected:
                self._health.degraded("broker")
            if self._broker.reconnects != before:
                return
