"""Row 15: how long a flood of one workspace delays another: its events, and its lists."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import httpx
from measured import TIMES, Measured, Row
from rows.reply import FILL_BATCH, WAIT_SECONDS, Crm
from servers import durable_servers
from service_devkit.testing.api import Api
from service_devkit.testing.waiting import wait_until
from state import publish_senders

EVIL, GOOD = 0, 1
SINGLES = 9
LISTERS = 10
READS = 100
LISTED = 200


def measure(*, quick: bool) -> Row:
    """Time single replies alone and beside a flood; then reads alone and beside lists."""
    flood = 10_000 if quick else 50_000
    with durable_servers() as bench, bench.service("draft_svc") as (_, api):
        asyncio.run(publish_senders(bench.broker.url, 2))
        alone, beside = asyncio.run(_delays(bench.broker.url, flood))
        read_alone, read_beside = asyncio.run(_reads(api))
    delay = max(beside) - median(alone)
    slower = (read_beside - read_alone) * 1_000
    return Row(
        title=f"beside {flood:,} replies of another workspace",
        figures=[
            Measured("a reply becomes a draft, alone, median", median(alone), "s"),
            Measured("beside the flood, median", median(beside), "s"),
            Measured("of one that is alone", median(beside) / median(alone), TIMES),
            Measured("the longest delay", delay, "s", at_most=5),
            Measured("a draft is read, alone, median", read_alone * 1_000, "ms"),
            Measured(f"beside {LISTERS} that list without end", read_beside * 1_000, "ms"),
            Measured("slower by", slower, "ms", at_most=200),
        ],
        setup=f"fsync on, the offline writer; {SINGLES} single replies, {READS} reads; lists of"
        f" {LISTED} drafts",
    )


async def _delays(nats_url: str, flood: int) -> tuple[list[float], list[float]]:
    """Return how long single replies take, before the flood and while it waits."""
    async with Crm(nats_url) as crm:
        alone = [await _single(crm, -1 - number) for number in range(SINGLES)]
        for start in range(0, flood, FILL_BATCH):
            await crm.send(range(start, start + FILL_BATCH), workspace=EVIL)
        beside = [await _single(crm, -101 - number) for number in range(SINGLES)]
        if len(crm.drafted_at) >= flood:
            raise RuntimeError("the flood was over before the last single reply")
        await crm.until_drafted(flood)
    return alone, beside


async def _single(crm: Crm, number: int) -> float:
    await crm.send([number], workspace=GOOD)
    await wait_until(lambda: crm.is_drafted(number), WAIT_SECONDS)
    return crm.seconds(number)


async def _reads(api: Api) -> tuple[float, float]:
    """Return how long a read takes, alone and beside lists of another workspace."""
    async with api.client(f"bench-{EVIL}") as evil, api.client(f"bench-{GOOD}") as good:
        (draft,) = (await good.get("/api/drafts?limit=1")).json()["items"]
        path = f"/api/drafts/{draft['draft_id']}"
        alone = await _read(good, path)
        with _listing(evil):
            await asyncio.sleep(1)
            beside = await _read(good, path)
    return alone, beside


async def _read(client: httpx.AsyncClient, path: str) -> float:
    took = list[float]()
    for _ in range(READS):
        start = perf_counter()
        (await client.get(path)).raise_for_status()
        took.append(perf_counter() - start)
    return median(took)


@contextmanager
def _listing(client: httpx.AsyncClient) -> Generator[None]:
    async def list_on() -> None:
        while True:
            answer = await client.get(f"/api/drafts?limit={LISTED}")
            if len(answer.json()["items"]) != LISTED:
                raise RuntimeError("the list is short")

    tasks = [asyncio.create_task(list_on()) for _ in range(LISTERS)]
    yield
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
