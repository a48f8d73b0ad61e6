"""Messages of a pull consumer, told from control messages by their reply subject alone.

nats-py's own `fetch` and push subscriptions take every message with a header `Status` for a control
message, so that a publisher could hide messages behind it, or stop who reads.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig

from persona_client.connection import Connection

PAUSE_SECONDS = 0.2
"""Between requests that the broker cannot serve: its store, or the connection, is gone."""
SERVER_GRACE_SECONDS = 1
"""How much later than asked for the server may end a request."""
_NOTHING_YET = frozenset({"404", "408"})
"""What ends a request of a consumer that has no messages (ADR-13 of NATS)."""


@asynccontextmanager
async def pulled(
    connection: Client, stream: str, config: ConsumerConfig, batch: int
) -> AsyncGenerator["Pull"]:
    """Give a new consumer's messages, which need no acks, until the end of the block.

    The consumer is as `config` says, in memory; the broker drops it when nobody has asked it for
    its `inactive_threshold`: deleting is not allowed to whoever reads.

    Raises:
        nats.js.errors.NotFoundError: there is no such stream.
    """
    js = connection.jetstream()  # pyright: ignore[reportUnknownMemberType]  # untyped there
    kept = replace(config, ack_policy=AckPolicy.NONE, mem_storage=True, num_replicas=1)
    consumer = await js.add_consumer(stream, kept)  # pyright: ignore[reportUnknownMemberType]  # untyped there
    pull = Pull(connection, stream, consumer.name, batch)
    try:
        yield pull
    finally:
        if connection.is_connected:
            await pull.close()


class Pull:
    """Asks one consumer for messages, a batch at a time, on its own inbox."""

    def __init__(self, connection: Client, stream: str, consumer: str, batch: int) -> None:
        self._connection = connection
        prefix = connection.api_prefix if isinstance(connection, Connection) else "$JS.API"
        self._subject = f"{prefix}.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._batch = batch
        self._inbox = connection.new_inbox()
        self._subscription: Subscription | None = None
        self._requests = 0
        self._messages: deque[Msg] = deque()
        self._ended = asyncio.Event()
        self.refused = ""
        """The status by which the broker refused the last request, such as "503"; else empty."""

    async def next(self, seconds: float) -> list[Msg]:
        """Return what is there, up to a batch, as soon as there is something.

        The list is empty if nothing came in `seconds`, or soon if the broker refuses. A cancelled
        call loses nothing.
        """
        if not self._messages:
            await self._request(seconds)
        return [self._messages.popleft() for _ in range(min(self._batch, len(self._messages)))]

    async def close(self) -> Sequence[Msg]:
        """Stop, and return what has come and nobody has taken."""
        if self._subscription is not None:
            await self._subscription.unsubscribe()
        left = list(self._messages)
        self._messages.clear()
        return left

    async def _request(self, seconds: float) -> None:
        """Ask for a batch and wait until the server has sent what it has."""
        if not self._connection.is_connected:
            await asyncio.sleep(PAUSE_SECONDS)
            return
        if self._subscription is None:
            self._subscription = await self._connection.subscribe(  # pyright: ignore[reportUnknownMemberType]
                f"{self._inbox}.*", cb=self._receive
            )
        self._requests += 1
        self._ended.clear()
        self.refused = ""
        started_at = monotonic()
        # With both, the server waits for a first message, then sends all it has and ends.
        request = {"batch": self._batch, "expires": int(seconds * 1e9), "no_wait": True}
        await self._connection.publish(self._subject, json.dumps(request).encode(), self._reply)
        try:
            async with asyncio.timeout(seconds + SERVER_GRACE_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            return
        if not self._messages and monotonic() - started_at < seconds - PAUSE_SECONDS:
            await asyncio.sleep(PAUSE_SECONDS)

    @property
    def _reply(self) -> str:
        return f"{self._inbox}.{self._requests}"

    async def _receive(self, msg: Msg) -> None:
        if msg.reply:
            self._messages.append(msg)
            is_end = len(self._messages) >= self._batch
        else:  # of this request, or of an earlier one that nobody waited for, whose messages count
            is_end = msg.subject == self._reply or bool(self._messages)
            status = (msg.headers or {}).get("Status", "")
            if msg.subject == self._reply and status not in _NOTHING_YET:
                self.refused = status
        if is_end:
            self._ended.set()
