"""A connection to NATS for one command."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError

from dramatis.errors import NotUpError

CONNECT_SECONDS = 3


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Client]:
    """Connect, and close at the end of the block.

    Raises:
        NotUpError: the broker does not answer, or does not let us in.
    """
    where = urlsplit(url)
    try:
        connection = await nats.connect(  # pyright: ignore[reportUnknownMemberType]
            url,
            name="dramatis-cli",
            connect_timeout=CONNECT_SECONDS,
            allow_reconnect=False,
            error_cb=_ignore,
        )
    except (NatsError, OSError, TimeoutError) as error:
        # The whole URL may hold a password.
        place = f"{where.hostname}:{where.port or 4222}"
        reason = str(error) or type(error).__name__
        raise NotUpError(f"NATS does not answer at {place}: {reason}.") from error
    try:
        yield connection
    finally:
        await connection.close()


async def _ignore(_: Exception) -> None:
    """Errors reach the caller by what it awaits."""
