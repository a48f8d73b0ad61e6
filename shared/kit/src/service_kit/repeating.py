"""What is done now and again, beside everything else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service_kit.errors import UpstreamError

log = get_logger(__name__)


async def repeat(do: Callable[[], Awaitable[object]], seconds: float, *, failed: str) -> NoReturn:
    """Await `do()` now, and `seconds` after each time, until cancelled.

    While the database, or an upstream, is away it warns of `failed`, the log event, and tries again
    the next time. Every other error ends it.
    """
    while True:
        try:
            await do()
        except (UpstreamError, SQLAlchemyError, OSError) as error:
            log.warning(failed, reason=type(error).__name__)
        await asyncio.sleep(seconds)
