"""A pull consumer's messages as they come: full batches under load, single ones when idle."""

from typing import Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from persona_client.pull import Pull

from service_kit.topology import Durable


class Unsubscribable(Protocol):
    """A subscription that can be ended."""

    async def unsubscribe(self) -> None:
        """End it."""
        ...


class AsAvailable:
    """Takes the place of FastStream's pull subscription, whose batches wait until they are full.

    FastStream calls `fetch` for a batch, then again for what is missing of it. The first call is
    answered with what is there, and the second at once with "no more".
    """

    def __init__(
        self, replaced: Unsubscribable, connection: Client, durable: Durable, batch: int
    ) -> None:
        self._replaced = replaced
        self._pull = Pull(connection, durable.stream, durable.name, batch)
        self._batch = batch
        self._is_closed = False

    async def fetch(self, batch: int, timeout: float) -> list[Msg]:  # noqa: ASYNC109 — FastStream's call
        """Return what is there, up to a batch, as soon as there is something.

        Raises:
            nats.errors.TimeoutError: nothing came, or the call is for the rest of a batch.
        """
        is_for_the_rest = batch < self._batch
        if is_for_the_rest or self._is_closed:
            raise NatsTimeoutError
        messages = await self._pull.next(timeout)
        if not messages:
            raise NatsTimeoutError
        return messages

    async def unsubscribe(self) -> None:
        """Stop, and give back what was not fetched."""
        self._is_closed = True
        await self._replaced.unsubscribe()
        for message in await self._pull.close():
            await message.nak()
