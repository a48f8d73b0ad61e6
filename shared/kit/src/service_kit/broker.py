"""The service's side of NATS: its connections, and what consumes and answers on them.

FastStream is the shell, used through its public interface alone (ADR 0006): routers, subscribers,
their lifecycle and the draining at the end. What a message means is decided in `consumer`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from faststream import AckPolicy, StreamMessage
from faststream.nats import (
    JStream,
    NatsBroker,
    NatsRouter,
    NatsSecurity,
    NatsToken,
    NatsUserPassword,
    PullSub,
)
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from persona_client import AddressError, NatsAddress
from structlog import get_logger

from service_kit.as_available import AsAvailable
from service_kit.consumer import Consumer
from service_kit.dead_letters import park_exhausted
from service_kit.events import BATCH, DepsT, EventRouter
from service_kit.fast_lane import FastLane, StoredEvent
from service_kit.permissions import Permissions
from service_kit.rpc import MAX_RUNNING, RpcRouter
from service_kit.store import Store
from service_kit.topology import ACK_WAIT_SECONDS, Durable

FETCH_SECONDS = 1
RECONNECT_SECONDS = 1
PING_SECONDS = 5
"""A half-open connection is noticed within three of them, not within minutes."""

Consume = Callable[[Sequence[Msg]], Awaitable[None]]
Answer = Callable[[bytes], Awaitable[bytes]]

log = get_logger(__name__)


class BrokerClosedError(Exception):
    """The broker has closed a connection for good, as after a message that it cannot bear."""


class Broker:
    """The connections of one service, and what consumes and answers on them."""

    def __init__(
        self,
        address: NatsAddress,
        store: Store,
        *,
        ack_wait_seconds: float = ACK_WAIT_SECONDS,
    ) -> None:
        self._address = address
        self.permissions = Permissions()
        self._store = store
        self._ack_wait_seconds = ack_wait_seconds
        self.durables: list[Durable] = []
        self.publishing = Client()
        """Buffers nothing while the broker is away: what it accepts has been sent."""
        self._consuming: Client | None = None
        self._shell = NatsBroker(
            list(address.servers),
            security=_security(address),
            inbox_prefix=address.inbox_prefix,
            error_cb=self.permissions.note,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            closed_cb=self._note_closed,
            apply_types=False,
            logger=None,
        )
        self._closed = asyncio.Event()
        self._is_stopping = False
        self._lanes: list[FastLane] = []
        self._consumers: dict[str, Consumer[Any, Any]] = {}
        """By their durables."""
        self._starts: list[Callable[[], Awaitable[None]]] = []
        """How to start each subscriber that does not run yet."""

    def include_events(self, events: EventRouter[DepsT], deps: DepsT) -> None:
        """Handle these events, with `deps`, from `consume` on."""
        router = NatsRouter()
        handled = {item.durable.name: item.durable for item in events.subscriptions}
        for item in events.subscriptions:
            consumer = Consumer(item, self._store, self.publishing, deps)
            self._consumers[item.durable.name] = consumer
            lane = FastLane(self.publishing, item.durable, item.batch, consumer.handle_ahead)
            self._lanes.append(lane)
            self._pull(router, item.durable, item.batch, _in_lanes(lane, consumer))
        if handled:
            self._pull(router, events.advisories, BATCH, partial(self._park_exhausted, handled))
        self._shell.include_router(router)

    def include_rpc(self, rpc: RpcRouter[DepsT], deps: DepsT) -> None:
        """Answer these requests, with `deps`, from `consume` on."""
        router = NatsRouter()
        for procedure in rpc.procedures:
            answer = partial(procedure.call, deps=deps)
            self._answer(router, procedure.subject, rpc.queue, answer)
        self._shell.include_router(router)

    async def start(self) -> None:
        """Connect, however long that takes."""
        await self.publishing.connect(
            **self._address.arguments,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            pending_size=0,
            error_cb=self.permissions.note,
            closed_cb=self._note_closed,
        )
        self._consuming = await self._shell.connect()

    async def consume(self) -> None:
        """Begin what has not begun yet; streams and durables must be there, or become so again.

        Raises:
            nats.errors.Error: the broker is away; what has begun goes on.
        """
        while self._starts:
            await self._starts[0]()
            del self._starts[0]

    async def handle_again(self, durable: str, stored: StoredEvent) -> bool:
        """Have the consumer of this service's `durable` handle an event that it had parked.

        Returns whether it did; False: it was handled before.

        Raises:
            Exception: what `Consumer.handle_again` raises.
        """
        return await self._consumers[durable].handle_again(stored)

    async def stop(self) -> None:
        """Finish the batches and answers in hand, then disconnect."""
        self._is_stopping = True
        for lane in self._lanes:
            await lane.stop()
        try:
            await self._shell.stop()
        except* NatsError as errors:
            reasons = [type(error).__name__ for error in errors.exceptions]
            log.warning("broker.not_drained", reasons=reasons)
        for connection in self._connections:
            await connection.close()

    async def until_closed(self) -> None:
        """Wait until a connection is lost for good.

        Raises:
            BrokerClosedError: it is; nats-py does not make it anew, so the process has to end.
        """
        await self._closed.wait()
        raise BrokerClosedError

    async def _note_closed(self) -> None:
        if not self._is_stopping:
            self._closed.set()

    @property
    def is_connected(self) -> bool:
        """Whether both connections are up now."""
        return all(client.is_connected for client in self._connections)

    @property
    def reconnects(self) -> int:
        """How often a connection was lost and is back."""
        return sum(client.stats["reconnects"] for client in self._connections)

    @property
    def js(self) -> JetStreamContext:
        """JetStream over the publishing connection."""
        return self.publishing.jetstream()  # pyright: ignore[reportUnknownMemberType]

    @property
    def _connections(self) -> list[Client]:
        return [self.publishing, *([self._consuming] if self._consuming else [])]

    def _pull(self, router: NatsRouter, declared: Durable, batch: int, consume: Consume) -> None:
        durable = replace(declared, ack_wait_seconds=self._ack_wait_seconds)
        self.durables.append(durable)

        async def on_batch(messages: list[Msg]) -> None:
            await consume(messages)

        async def start() -> None:
            await subscriber.start()
            replaced, connection = subscriber.subscription, self._shell.connection
            if replaced is not None:
                available = AsAvailable(replaced, connection, durable, batch)
                subscriber.subscription = cast("Any", available)

        subscriber = router.subscriber(
            config=durable.config(),
            durable=durable.name,
            stream=JStream(durable.stream, declare=False),
            pull_sub=PullSub(batch, timeout=FETCH_SECONDS, batch=True),
            ack_policy=AckPolicy.MANUAL,
            decoder=_raw_messages,
            # FastStream asks JetStream's own prefix, whatever the connection's is.
            inbox_prefix=f"{self._address.inbox_prefix}.".encode(),
        )
        subscriber(on_batch)
        self._starts.append(start)

    def _answer(self, router: NatsRouter, subject: str, queue: str, answer: Answer) -> None:
        async def on_request(body: bytes) -> bytes:
            return await answer(body)

        subscriber = router.subscriber(subject, queue, max_workers=MAX_RUNNING, decoder=_raw_body)
        subscriber(on_request)
        self._starts.append(subscriber.start)

    async def _park_exhausted(
        self, handled: Mapping[str, Durable], messages: Sequence[Msg]
    ) -> None:
        for msg in messages:
            try:
                await park_exhausted(self.publishing, handled, msg)
            except NatsError as error:
                log.warning("advisory.not_handled_yet", reason=type(error).__name__)


def _in_lanes(lane: FastLane, consumer: Consumer[Any, Any]) -> Consume:
    async def consume(messages: Sequence[Msg]) -> None:
        lane.saw(messages)
        await consumer.consume(messages)

    return consume


async def _raw_messages(message: StreamMessage[list[Msg]]) -> list[Msg]:
    return message.raw_message


async def _raw_body(message: StreamMessage[Msg]) -> bytes:
    return message.raw_message.data


def _security(address: NatsAddress) -> NatsSecurity:
    """Return credentials and TLS as FastStream takes them.

    Raises:
        AddressError: a service takes a user and password, or a token.
    """
    if address.credentials_file or address.nkey_seed_file:
        raise AddressError("a service takes a user and password, or a token")
    tls: dict[str, Any] = {
        "ssl_context": address.tls,
        "tls_handshake_first": address.tls_handshake_first,
    }
    if address.token:
        return NatsToken(address.token, **tls)
    if address.user is not None:
        return NatsUserPassword(address.user, address.password or "", **tls)
    return NatsSecurity(**tls)
