"""Reads the messages that a stream keeps, and those that come."""

from collections.abc import AsyncGenerator
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, DeliverPolicy
from persona_client.pull import pulled

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
    config = ConsumerConfig(
        deliver_policy=policy,
        opt_start_time=since,
        headers_only=headers_only,
        inactive_threshold=INACTIVE_SECONDS,
    )
    async with pulled(connection, stream, config, BATCH) as pull:
        while True:
            for message in await pull.next(WAIT_SECONDS):
                yield message
            if pull.refused or connection.is_closed:
                raise ConsumerLostError(pull.refused)
