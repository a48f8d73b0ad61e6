"""Tasks that end when they are told to."""

import asyncio
from collections.abc import Iterable
from typing import Any


async def cancelled(tasks: Iterable[asyncio.Task[Any]], patience_seconds: float = 1.0) -> None:
    """Cancel `tasks` until all have ended; what they raise is theirs.

    Once is not enough on Python 3.11: `asyncio.wait_for`, through which nats-py asks the broker,
    drops a cancellation that comes together with its answer. The second try comes after
    `patience_seconds`, then one each second.
    """
    waiting, seconds = set(tasks), patience_seconds
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=seconds)
        seconds = 1.0
