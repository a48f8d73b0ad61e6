"""Reads the messages that a stream keeps, and those that come."""

from collections.abc import AsyncGenerator
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from persona_client.pull import Pull

BATCH = 500
WAIT_SECONDS = 1.0
INACTIVE_SECONDS = 60.0


class ConsumerLostError(NatsError):
    """The broker has ended the reading."""


async def read_stored(
    connection: Client,
    stream: str,
    *,
    policy: DeliverPolicy = DeliverPolicy.ALL,
    since: datetime | None = None,
    headers_only: bool = False,
) -> AsyncGenerator[Msg]:
    """Yield messages in their order, without end; `num_pending` of one tells how many follow.

    Raises:
        nats.js.errors.NotFoundError: there is no such stream.
        nats.errors.Error: the broker went away.
    """
    js = connection.jetstream()  # pyright: ignore[reportUnknownMemberType]
    consumer = await js.add_consumer(  # pyright: ignore[reportUnknownMemberType]
        stream,
        ConsumerConfig(
            deliver_policy=policy,
            opt_start_time=since,
            ack_policy=AckPolicy.NONE,
            headers_only=headers_only,
            inactive_threshold=INACTIVE_SECONDS,
            mem_storage=True,
            num_replicas=1,
        ),
    )
    pull = Pull(connection, stream, consumer.name, BATCH)
    try:
        while True:
            for message in await pull.next(WAIT_SECONDS):
                yield message
            if pull.refused or connection.is_closed:
                raise ConsumerLostError(pull.refused)
    finally:
        if connection.is_connected:
            await pull.close()
            await js.delete_consumer(stream, consumer.name)
