"""Streams and consumers kept in being, and a lost store refilled (reliability.md F4)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from time import monotonic

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, StreamConfig, StreamInfo
from nats.js.errors import NotFoundError
from persona_client.connection import cause_of
from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.broker import Broker
from service_kit.clock import utc_now
from service_kit.health import Health
from service_kit.store import Session, Store
from service_kit.topology import (
    ADVISORY_STREAM,
    DEAD_STREAM,
    MAX_ACK_PENDING,
    STREAMS,
    Drift,
    Durable,
    drift_of,
    ensure_consumer,
    ensure_stream,
    restore_stream,
)
from service_kit.wakeups import OUTBOX_CHANNEL, notify

EVERY_SECONDS = 15
RETRY_SECONDS = 1
STALLED_SECONDS = 60
"""A message that is unacknowledged for so long makes its consumer degraded."""

PERMISSIONS = "broker-permissions"
"""What `/readyz` calls it when the broker refuses something."""

Refill = Callable[[Session, str], Awaitable[int]]
"""Marks what a lost stream held as unpublished and returns how many messages that is."""

log = get_logger(__name__)
ack_pending = Gauge(
    "dramatis_consumer_ack_pending", "Messages delivered and not acknowledged.", ["consumer"]
)
pending = Gauge(
    "dramatis_consumer_pending",
    "Events that wait to be delivered or acknowledged, as seen every 15 s.",
    ["consumer"],
)
lag_seconds = Gauge(
    "dramatis_consumer_lag_seconds",
    "How long the oldest event that is not handled has been on its stream, as seen every 15 s.",
    ["consumer"],
)
unacknowledged_seconds = Gauge(
    "dramatis_consumer_unacknowledged_seconds",
    "How long the oldest delivered message has been unacknowledged, as seen every 15 s.",
    ["consumer"],
)


class MissingError(NatsError):
    """The topology controller has not made it yet, or does not run."""


class Stalled:
    """How long a consumer's oldest delivered message has been unacknowledged."""

    def __init__(self) -> None:
        self._floor = -1
        self._since = 0.0

    def look(self, durable: Durable, info: ConsumerInfo) -> str:
        """Set the gauges; return why the consumer is stalled, or nothing if it is not."""
        pending = info.num_ack_pending or 0
        floor = info.ack_floor.stream_seq if info.ack_floor else 0
        if not pending or floor != self._floor:
            self._floor, self._since = floor, monotonic()
        seconds = monotonic() - self._since
        ack_pending.labels(durable.name).set(pending)
        unacknowledged_seconds.labels(durable.name).set(seconds if pending else 0)
        if pending >= MAX_ACK_PENDING:
            return f"{pending} messages are unacknowledged, the most that the broker lends"
        if pending and seconds >= STALLED_SECONDS:
            return f"a message has been unacknowledged for {seconds:.0f} s"
        return ""


class Reconciler:
    """Compares what the broker has with what this service needs, again and again."""

    def __init__(
        self,
        store: Store,
        broker: Broker,
        health: Health,
        *,
        streams: Mapping[str, Refill | None],
        replicas: int,
        creates: bool = True,
    ) -> None:
        """Take the streams that this service writes, each with how to refill it, and reads (None).

        `creates`: it makes missing streams and durables, and all streams as declared again when
        somebody else has changed them; else it waits for the topology controller, which does.
        """
        self._store = store
        self._broker = broker
        self._health = health
        self._refills = {name: refill for name, refill in streams.items() if refill}
        self._replicas = replicas
        read = {durable.stream for durable in broker.durables}
        needed = {*streams, *read, DEAD_STREAM, ADVISORY_STREAM}
        self._creates = creates
        self._streams: Sequence[str] = sorted(STREAMS if creates else needed)
        self._drift: Collection[Drift] = ()
        self._stalled = {durable.name: Stalled() for durable in broker.durables}

    async def run(self) -> None:
        """Reconcile every EVERY_SECONDS until cancelled; sooner after a failure."""
        while True:
            try:
                await self.once()
            except (NatsError, OSError, TimeoutError, SQLAlchemyError) as error:
                self._note_permissions()
                missing = self._broker.permissions.missing()
                reason = "; ".join(f"no permission to {each}" for each in missing)
                self._health.degraded("broker", reason or cause_of(error))
                log.warning("reconcile.failed", reason=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._health.recovered("broker")
                await self._rest()

    async def once(self) -> None:
        """Create what is missing, begin to consume, and refill what was replaced."""
        js = self._broker.js
        found = {name: await self._stream(js, name) for name in self._streams}
        for durable in self._broker.durables:
            info = await self._consumer(js, durable)
            self._watch(durable, info)
            await self._measure_lag(js, durable, info)
        await self._broker.consume()
        for name in self._refills:
            created = found[name].created
            await self._notice(name, created.isoformat() if created else "")
        await self._restore([info.config for info in found.values()])

    async def _stream(self, js: JetStreamContext, name: str) -> StreamInfo:
        if self._creates:
            return await ensure_stream(js, name, replicas=self._replicas)
        try:
            return await js.stream_info(name)
        except NotFoundError as error:
            raise MissingError(f"no stream {name} yet") from error

    async def _consumer(self, js: JetStreamContext, durable: Durable) -> ConsumerInfo:
        if self._creates:
            return await ensure_consumer(js, durable)
        try:
            return await js.consumer_info(durable.stream, durable.name)
        except NotFoundError as error:
            raise MissingError(f"no durable {durable.name} yet") from error

    def _note_permissions(self) -> None:
        """Tell by `/readyz` what the broker has refused lately."""
        missing = self._broker.permissions.missing()
        if missing:
            self._health.degraded(PERMISSIONS, f"missing: {'; '.join(missing)}")
        else:
            self._health.recovered(PERMISSIONS)

    async def _restore(self, found: Sequence[StreamConfig]) -> None:
        """Log what somebody else has changed of a stream, and change it back where we may."""
        drift = [each for config in found for each in drift_of(config)]
        for each in drift:
            if each not in self._drift:
                log.warning("stream.drifted", **asdict(each))
        self._drift = drift
        if self._creates:
            drifted = {each.stream for each in drift}
            for config in found:
                if config.name in drifted:
                    await restore_stream(self._broker.js, config)
                    log.info("stream.restored", stream=config.name)

    def _watch(self, durable: Durable, info: ConsumerInfo) -> None:
        """Call a consumer degraded that does not get on."""
        reason = self._stalled[durable.name].look(durable, info)
        if reason:
            self._health.degraded(f"consumer:{durable.name}", reason)
        else:
            self._health.recovered(f"consumer:{durable.name}")

    async def _measure_lag(
        self, js: JetStreamContext, durable: Durable, info: ConsumerInfo
    ) -> None:
        waiting = (info.num_pending or 0) + (info.num_ack_pending or 0)
        pending.labels(durable.name).set(waiting)
        lag_seconds.labels(durable.name).set(
            await _oldest_seconds(js, durable, info) if waiting else 0
        )

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
                count = await self._refills[stream](session, stream)
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
            self._note_permissions()
            if not self._broker.is_connected:
                self._health.degraded("broker", "unreachable")
            if self._broker.reconnects != before:
                return


async def _oldest_seconds(js: JetStreamContext, durable: Durable, info: ConsumerInfo) -> float:
    """Return the age of the first event after all that are acknowledged; 0: it is gone."""
    after = info.ack_floor.stream_seq if info.ack_floor else 0
    (subject, *_) = durable.filter_subjects
    try:
        oldest = await js.get_msg(durable.stream, seq=after + 1, subject=subject, next=True)
    except NotFoundError:
        return 0
    return max(0.0, (utc_now() - (oldest.time or utc_now())).total_seconds())
