"""Row 19: how soon `dramatis tui` shows its first list, and the memory it takes."""

import os
import pty
import subprocess
import sys
from select import select
from statistics import median
from time import monotonic

import psutil
from dramatis.rest import Rest, Written
from dramatis.stack import Stack
from measured import Measured, Row

FIRST_LIST_SECONDS, MEMORY_MB = 2.0, 80.0
MEGABYTE = 1_000_000
PERSONAS = 100
LAST = "Persona 000"
"""The default one, which the list begins with."""
WAIT_SECONDS = 60.0


def measure(*, quick: bool) -> Row:
    """Start it several times in a terminal of 80 by 24 on one stack; medians."""
    times: list[float] = []
    sizes: list[float] = []
    with Stack(ephemeral=True, services=("persona", "studio")) as stack:
        with Rest(stack.url("persona"), stack.token(), Written()) as api:
            for number in range(PERSONAS):
                api.send("POST", "/api/personas", json={"name": f"Persona {number:03}"})
        for _ in range(2 if quick else 7):
            seconds, size = _first_list(str(stack.data_dir))
            times.append(seconds)
            sizes.append(size)
    return Row(
        title=f"The terminal interface, {PERSONAS} personas",
        figures=[
            Measured("first list", median(times), "s", at_most=FIRST_LIST_SECONDS),
            Measured("memory", median(sizes), "MB", at_most=MEMORY_MB),
        ],
        setup="from the command to the first row; resident memory then",
    )


def _first_list(data_dir: str) -> tuple[float, float]:
    ours, theirs = pty.openpty()
    began = monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "dramatis", "tui"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={
            **os.environ,
            "DRAMATIS_DATA_DIR": data_dir,
            "COLUMNS": "80",
            "LINES": "24",
            "TERM": "xterm-256color",
        },
    )
    try:
        _read_until(ours, LAST.encode())
        return monotonic() - began, psutil.Process(child.pid).memory_info().rss / MEGABYTE
    finally:
        child.kill()
        child.wait()
        os.close(ours)
        os.close(theirs)


def _read_until(terminal: int, awaited: bytes) -> None:
    seen, end = b"", monotonic() + WAIT_SECONDS
    while awaited not in seen:
        if monotonic() > end:
            raise TimeoutError(f"no {awaited!r} in {WAIT_SECONDS:g} s")
        if select([terminal], [], [], 1.0)[0]:
            seen += os.read(terminal, 65_536)
