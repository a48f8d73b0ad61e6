"""Row 1: `Roster.resolve` from memory, against two flag clients that also answer from memory."""

import asyncio
import json
import os
import random
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from measured import TIMES, Measured, Row
from persona_client import Roster
from service_devkit.embedded import NatsProcess
from state import documents, fill, workspace
from timing import time_calls

BENCH = Path(__file__).parents[1]
PEERS_PYTHON = BENCH / "peers" / ".venv" / "bin" / "python"
PERSONAS, CAMPAIGNS = 10_000, 50_000
INSTALL_SECONDS = 300
PEER_SECONDS = 120


class PeersMissingError(Exception):
    """The peers' environment could not be made."""


def measure(*, quick: bool) -> Row:
    """Time it `repeats` times, alternating with the peers; medians of the repetitions."""
    _install_peers()
    repeats, calls = (1, 20_000) if quick else (5, 50_000)
    with tempfile.TemporaryDirectory() as folder, NatsProcess(Path(folder)) as broker:
        ours, peers = asyncio.run(_alternate(broker.url, repeats, calls))
    figures = _figures(ours, peers)
    return Row(
        title="Roster.resolve(), warm, 10,000 personas and 50,000 campaigns",
        figures=figures,
        setup=f"{repeats} times {calls} random campaigns; peers with 10,000 flags each: "
        f"{peers[0]['versions']}, Python {peers[0]['python']}",
    )


async def _alternate(
    nats_url: str, repeats: int, calls: int
) -> tuple[list[dict[str, float]], list[dict[str, Any]]]:
    await fill(nats_url, list(documents(PERSONAS, CAMPAIGNS)))
    ours: list[dict[str, float]] = []
    peers: list[dict[str, Any]] = []
    numbers = random.Random(1)  # noqa: S311 — the same questions in every run
    async with Roster(nats_url, start_timeout_seconds=60) as roster:
        keys = [(workspace(n), f"campaign-{n}") for n in range(CAMPAIGNS)]

        def ask(key: tuple[str, str]) -> object:
            return roster.resolve(key[0], campaign_id=key[1])

        if any(roster.resolve(w, campaign_id=c).tier != "campaign" for w, c in keys):
            raise ValueError("the Roster does not know every campaign")
        for _ in range(repeats):
            # The event loop stands still while this runs, as in a service that calls resolve().
            ours.append(time_calls(ask, numbers.choices(keys, k=calls)))
            peers.append(await asyncio.to_thread(_ask_peers, calls))
    return ours, peers


def _figures(ours: list[dict[str, float]], peers: list[dict[str, Any]]) -> list[Measured]:
    us = {name: median(each[name] for each in ours) / 1_000 for name in ("batch", "p50", "p99")}
    figures = [
        Measured("p50", us["p50"], "µs", at_most=1),
        Measured("p99", us["p99"], "µs", at_most=5),
        Measured("mean in batches of 1,000, with the loop", us["batch"], "µs"),
    ]
    for name, goal in (("OpenFeature", 10), ("Unleash", 20)):
        peer = median(each[name]["p50"] for each in peers) / 1_000
        ratio = median(p[name]["p50"] / each["p50"] for p, each in zip(peers, ours, strict=True))
        figures += [
            Measured(f"{name}, p50", peer, "µs"),
            Measured(f"as fast as {name}", ratio, TIMES, at_least=goal),
        ]
    return figures


def _ask_peers(calls: int) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 — our own script
        [PEERS_PYTHON, BENCH / "peers" / "flags.py", str(calls)],
        env={**os.environ, "PYTHONPATH": str(BENCH)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=PEER_SECONDS,
    )
    return json.loads(done.stdout)


def _install_peers() -> None:
    """Make the peers' environment if it is missing.

    Raises:
        PeersMissingError: that failed; the text has the reason.
    """
    if PEERS_PYTHON.exists():
        return
    made = subprocess.run(
        ["make", "bench-peers"],  # noqa: S607 — whoever runs this has make
        cwd=BENCH.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
    )
    if made.returncode != 0:
        last = (made.stderr.strip().splitlines() or ["no output"])[-1]
        raise PeersMissingError(f"`make bench-peers` failed: {last}")
