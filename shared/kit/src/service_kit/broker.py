"""The service's side of NATS: connections, adaptive batch consumers, and reconciliation.

FastStream is the shell (declaration, middleware, lifecycle, AsyncAPI); how messages are fetched is
ours (ADR 0006), because its batch loop waits for a full batch and strands messages.
"""

import asyncio
import builtins
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsMessage
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import ServiceUnavailableError
from structlog import get_logger

from service_kit.consumer import BATCH, Consumer, Subscription
from service_kit.dead_letters import park_exhausted
from service_kit.responder import Responder
from service_kit.store import Store
from service_kit.topology import (
    ACK_WAIT_SECONDS,
    ADVISORY_STREAM,
    MAX_DELIVERIES_SUBJECT,
    Durable,
)

FETCH_SECONDS = 1
RECONNECT_SECONDS = 1
PING_SECONDS = 5
"""A half-open connection is noticed within three of them, not within minutes."""

log = get_logger(__name__)


class AdaptiveBatchSubscriber(BatchPullStreamSubscriber):
    """Takes what is there, up to a full batch, and never waits for more."""

    __slots__ = ()

    async def _create_subscription(self) -> None:
        """Bind without asking the server: reconciliation creates the consumer."""
        if self.subscription is None:
            self.subscription = await self.jetstream.pull_subscribe_bind(
                durable=self.config.durable_name, stream=self.stream.name
            )
            self.add_task(self._consume_pull)

    async def _consume_pull(self) -> None:
        while self.running and self.subscription is not None:
            try:
                messages = await self.subscription.fetch(
                    batch=self.pull_sub.batch_size, timeout=FETCH_SECONDS
                )
            except builtins.TimeoutError:
                continue
            except (ConnectionClosedError, ServiceUnavailableError):
                await asyncio.sleep(0.2)
                continue
            await self.consume(messages)


class Broker:
    """The connections of one service, and its consumers."""

    def __init__(
        self,
        nats_url: str,
        store: Store,
        subscriptions: Sequence[Subscription[Any]],
        *,
        ack_wait_seconds: float = ACK_WAIT_SECONDS,
    ) -> None:
        self._url = nats_url
        self._ack_wait_seconds = ack_wait_seconds
        self._responders: Sequence[Responder] = ()
        self.publishing = Client()
        """Buffers nothing while the broker is away: what it accepts has been sent."""
        self._shell = NatsBroker(
            nats_url,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            apply_types=False,
            logger=None,
        )
        self._handled: dict[str, Durable] = {}
        for subscription in subscriptions:
            consumer = Consumer(
                subscription, store, self.publishing, ack_wait_seconds=ack_wait_seconds
            )
            self._subscribe(consumer.durable, consumer.consume, subscription.batch)
            self._handled[consumer.durable.name] = consumer.durable
        self.durables = list(self._handled.values())
        if self.durables:
            self.durables.append(self._subscribe_to_advisories(store.service))

    def answer(self, responders: Sequence[Responder]) -> None:
        """Answer requests too, from the start on."""
        self._responders = responders

    async def start(self) -> None:
        """Connect (trying for ever), consume and answer."""
        await self.publishing.connect(
            self._url,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            pending_size=0,
            error_cb=_log_error,
        )
        for responder in self._responders:
            await responder.subscribe(self.publishing)
        await self._shell.start()

    async def stop(self) -> None:
        """Finish the batches in hand, then disconnect."""
        await self._shell.stop()
        await self.publishing.close()

    @property
    def is_connected(self) -> bool:
        """Whether both connections are up now."""
        return self.publishing.is_connected

    @property
    def js(self) -> JetStreamContext:
        """JetStream over the publishing connection."""
        return self.publishing.jetstream()  # pyright: ignore[reportUnknownMemberType]

    def _subscribe(
        self, durable: Durable, consume: Callable[[Sequence[Msg]], Awaitable[None]], batch: int
    ) -> None:
        async def on_batch(messages: list[Msg]) -> None:
            await consume(messages)

        subscriber = self._shell.subscriber(
            ",".join(durable.filter_subjects),
            durable=durable.name,
            stream=JStream(durable.stream, declare=False),
            pull_sub=PullSub(batch_size=batch, batch=True),
            ack_policy=AckPolicy.MANUAL,
            decoder=_undecoded,
        )
        subscriber.__class__ = AdaptiveBatchSubscriber
        subscriber(on_batch)

    def _subscribe_to_advisories(self, service: str) -> Durable:
        durable = Durable(
            stream=ADVISORY_STREAM,
            name=f"{service}_on_max_deliveries",
            filter_subjects=tuple(
                f"{MAX_DELIVERIES_SUBJECT}.{item.stream}.{item.name}"
                for item in self._handled.values()
            ),
            ack_wait_seconds=self._ack_wait_seconds,
        )
        self._subscribe(durable, self._on_max_deliveries, BATCH)
        return durable

    async def _on_max_deliveries(self, messages: Sequence[Msg]) -> None:
        for msg in messages:
            try:
                await park_exhausted(self.publishing, self._handled, msg)
            except NatsError as error:
                log.warning("advisory.not_handled_yet", reason=type(error).__name__)


async def _undecoded(message: NatsMessage) -> object:
    return message.raw_message


async def _log_error(error: Exception) -> None:
    log.warning("broker.error", reason=type(error).__name__)
