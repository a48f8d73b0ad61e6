"""Row 5: reading one persona over REST at a steady rate, against a bare route over psycopg."""

import asyncio
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import httpx
from measured import TIMES, Measured, Row
from persona_service import PERSONA, WORKSPACE, Running, persona_service
from service_devkit.embedded import free_port
from service_devkit.testing.waiting import wait_until
from timing import percentile

RATE = 200
WARM_UP_SECONDS = 2
START_SECONDS = 20
BARE_API = Path(__file__).parents[1] / "bare_api.py"


def measure(*, quick: bool) -> Row:
    """Read by turns from both; percentiles over all requests."""
    repeats, seconds = (1, 3) if quick else (3, 10)
    with persona_service() as service, _bare_api(service) as bare_url:
        ours, bare = asyncio.run(_alternate(service, bare_url, repeats, seconds))
    return Row(
        title=f"REST read of one persona at {RATE} requests/s",
        figures=[
            Measured("p50", percentile(ours, 50), "ms"),
            Measured("p99", percentile(ours, 99), "ms", at_most=10),
            Measured("bare route, no token, no tenant: p50", percentile(bare, 50), "ms"),
            Measured("bare route, no token, no tenant: p99", percentile(bare, 99), "ms"),
            Measured("as fast as that, p50", percentile(bare, 50) / percentile(ours, 50), TIMES),
        ],
        setup=f"{len(ours)} requests each, open loop, from the time each was due; "
        "the client shares the processors",
    )


async def _alternate(
    service: Running, bare_url: str, repeats: int, seconds: int
) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    bare: list[float] = []
    async with service.api.client(WORKSPACE) as client, httpx.AsyncClient() as plain:
        created = (await client.post("/api/personas", json=PERSONA)).raise_for_status()
        path = f"/api/personas/{created.json()['persona_id']}"
        await wait_until(lambda: _answers(plain, bare_url + path), START_SECONDS)
        await _read(client, path, WARM_UP_SECONDS)
        await _read(plain, bare_url + path, WARM_UP_SECONDS)
        for _ in range(repeats):
            ours += await _read(client, path, seconds)
            bare += await _read(plain, bare_url + path, seconds)
    return ours, bare


async def _read(client: httpx.AsyncClient, url: str, seconds: int) -> list[float]:
    """Send RATE requests a second whether or not earlier ones were answered; milliseconds each."""
    start = perf_counter()
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[float]] = []
        for number in range(RATE * seconds):
            due = start + number / RATE
            await asyncio.sleep(due - perf_counter())
            tasks.append(group.create_task(_read_once(client, url, due)))
    return [task.result() for task in tasks]


async def _read_once(client: httpx.AsyncClient, url: str, due: float) -> float:
    (await client.get(url)).raise_for_status()
    return (perf_counter() - due) * 1_000


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.TransportError:
        return False


@contextmanager
def _bare_api(service: Running) -> Generator[str]:
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 — our own script
        [sys.executable, BARE_API, str(port), service.admin_url]
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
