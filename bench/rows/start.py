"""Row 6: the whole stack from nothing to ready, and the memory of each service."""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
from dramatis.stack import Stack
from measured import Measured, Row
from service_devkit.embedded import NatsProcess, PostgresProcess

MEGABYTE = 1_000_000


def measure(*, quick: bool) -> Row:
    """Start it several times, by turns with its two servers alone; medians."""
    repeats = 1 if quick else 5
    stack: list[float] = []
    servers: list[float] = []
    memory: dict[str, list[float]] = {}
    for _ in range(repeats):
        stack.append(_start_stack(memory))
        servers.append(_start_servers())
    return Row(
        title="Stack, from an empty folder to all ready",
        figures=[
            Measured("stack", median(stack), "s", at_most=12),
            Measured("its NATS and Postgres alone, one after the other", median(servers), "s"),
            *(
                Measured(f"memory of {name}-svc", median(each), "MB", at_most=150)
                for name, each in sorted(memory.items())
            ),
        ],
        setup=f"{repeats} by turns; new folder, files in the page cache; resident set when ready",
    )


def _start_stack(memory: dict[str, list[float]]) -> float:
    start = perf_counter()
    with Stack(ephemeral=True) as stack:
        took = perf_counter() - start
        for name, process in stack.services.items():
            resident = psutil.Process(process.pid).memory_info().rss
            memory.setdefault(name, []).append(resident / MEGABYTE)
    return took


def _start_servers() -> float:
    start = perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        NatsProcess(Path(folder) / "nats"),
        PostgresProcess(Path(folder) / "postgres", durable=False),
    ):
        return perf_counter() - start
