"""A pull consumer's messages as they come: full batches under load, single ones when idle."""

import asyncio
import json
from collections import deque
from time import monotonic
from typing import Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import TimeoutError as NatsTimeoutError

from service_kit.topology import Durable

PAUSE_SECONDS = 0.2
"""Between requests that the broker cannot serve: its store, or the connection, is gone."""
SERVER_GRACE_SECONDS = 1
"""How much later than asked for the server may end a request."""


class Unsubscribable(Protocol):
    """A subscription that can be ended."""

    async def unsubscribe(self) -> None:
        """End it."""
        ...


class AsAvailable:
    """Takes the place of FastStream's pull subscription, whose batches wait until they are full.

    FastStream calls `fetch` for a batch, then again for what is missing of it. The first call is
    answered with what is there, and the second at once with "no more". It reads its own
    inbox, because nats-py's `fetch` drops messages that carry a header `Status`; here a control
    message is one that has no reply subject.
    """

    def __init__(
        self, replaced: Unsubscribable, connection: Client, durable: Durable, batch: int
    ) -> None:
        self._replaced = replaced
        self._connection = connection
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{durable.stream}.{durable.name}"
        self._batch = batch
        self._inbox = connection.new_inbox()
        self._subscription: Subscription | None = None
        self._requests = 0
        self._messages: deque[Msg] = deque()
        self._ended = asyncio.Event()
        self._is_closed = False

    async def fetch(self, batch: int, timeout: float) -> list[Msg]:  # noqa: ASYNC109 — FastStream's call
        """Return what is there, up to a batch, as soon as there is something.

        Raises:
            nats.errors.TimeoutError: nothing came, or the call is for the rest of a batch.
        """
        is_for_the_rest = batch < self._batch
        if is_for_the_rest:
            raise NatsTimeoutError
        if not self._messages:
            await self._request(timeout)
        if not self._messages or self._is_closed:
            raise NatsTimeoutError
        return [self._messages.popleft() for _ in range(min(batch, len(self._messages)))]

    async def unsubscribe(self) -> None:
        """Stop, and give back what was not fetched."""
        self._is_closed = True
        await self._replaced.unsubscribe()
        if self._subscription is not None:
            await self._subscription.unsubscribe()
        while self._messages:
            await self._messages.popleft().nak()

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
        if is_end:
            self._ended.set()
