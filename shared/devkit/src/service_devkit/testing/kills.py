"""A process that is killed each time it comes to a step, until its work is done all the same."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psycopg

from service_devkit.embedded.process import ServerProcess
from service_devkit.testing.waiting import wait_until

DIE_AT = "DRAMATIS_DIE_AT"
_UNDER_WAY = (
    "select count(*) from erasure"
    " where erased_at is null and (lease_token is not null or due_at <= now())"
)


@asynccontextmanager
async def killed_while_erasing(
    process: ServerProcess, rows: psycopg.Connection, step: str | None
) -> AsyncGenerator[None]:
    """Kill `process` the first time it comes to `step` of the erasure that the block begins.

    Then at the second, and so on: after the block the erasure is done, and the process runs.
    Without a `step` nothing is killed. `rows` is a superuser's connection to its database.
    """
    if step is None:
        yield
        return
    deaths = 0

    def is_done() -> bool:
        return deaths > 0 and rows.execute(_UNDER_WAY).fetchone() == (0,)

    try:
        await asyncio.to_thread(process.stop)
        os.environ[DIE_AT] = f"{step}:1"
        await asyncio.to_thread(process.start)
        yield
        while True:
            await wait_until(lambda: not process.is_running or is_done())
            if process.is_running:
                break
            deaths += 1
            os.environ[DIE_AT] = f"{step}:{deaths + 1}"
            rows.execute(
                "update erasure set due_at = now(), deaths = 0 where lease_token is not null"
            )
            rows.execute("delete from service_lease")
            await asyncio.to_thread(process.spawn)
    finally:
        os.environ.pop(DIE_AT, None)
        await asyncio.to_thread(process.restart)
