"""A connection to NATS for one command."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from dramatis.errors import CliError, NotUpError

CONNECT_SECONDS = 3


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Client]:
    """Connect, and close at the end of the block.

    Raises:
        NotUpError: the broker does not answer, or does not let us in.
        CliError: the broker refused something inside the block, or went away.
    """
    connection = await _connect(url)
    try:
        yield connection
    except NatsError as error:
        reason = error.description if isinstance(error, APIError) else str(error)
        raise CliError(f"NATS refused: {reason or type(error).__name__}.") from error
    finally:
        await connection.close()


async def _connect(url: str) -> Client:
    errors: list[Exception] = []

    async def note(error: Exception) -> None:
        errors.append(error)

    try:
        # One more try than none, which nats-py takes for endless ones.
        return await nats.connect(  # pyright: ignore[reportUnknownMemberType]
            url,
            name="dramatis-cli",
            connect_timeout=CONNECT_SECONDS,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=note,
        )
    except (NatsError, OSError, TimeoutError) as error:
        where = urlsplit(url)
        # The whole URL may hold a password.
        place = f"{where.hostname}:{where.port or 4222}"
        reason = errors[-1] if errors else error
        raise NotUpError(f"NATS does not answer at {place}: {reason}.") from error
