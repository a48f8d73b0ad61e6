"""Wait for what other processes do, without guessing how long it takes."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

POLL_SECONDS = 0.01
HANG_SECONDS = 120.0
"""How long a test waits for what should happen at once: only so that no run hangs. A time that is
a promise stands in the test itself."""

T = TypeVar("T")


async def wait_until(
    condition: Callable[[], T | Awaitable[T]], timeout_seconds: float = HANG_SECONDS
) -> T:
    """Return the first true value of `condition`, asked every POLL_SECONDS.

    Raises:
        TimeoutError: none came in time; the text has the last value.
    """
    value: T | None = None
    try:
        async with asyncio.timeout(timeout_seconds):
            while True:
                answer = condition()
                value = await answer if inspect.isawaitable(answer) else answer
                if value:
                    return value
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError as error:
        name = getattr(condition, "__qualname__", repr(condition))
        raise TimeoutError(
            f"{name} did not come true in {timeout_seconds} s; last: {value!r}"
        ) from error
