"""Row 16: how fast personas get their voice agents, at a vendor that answers, and at a bad one."""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import nats
from measured import Measured, Row
from nats.aio.msg import Msg
from servers import durable_servers
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from service_kit.topology import apply_streams
from speakers import WORKSPACE, a_persona, show, tell, vendor_settings
from timing import percentile

CONCURRENCY = 5
READY_SECONDS = 900.0
ONE_IN_TEN: Sequence[dict[str, Any]] = (
    {"kind": "status", "status": 429, "code": "system_busy", "share": 0.03},
    {"kind": "status", "status": 500, "share": 0.03},
    {"kind": "hang", "after": True, "share": 0.04},
)


def measure(*, quick: bool) -> Row:
    """Make personas at once, and wait until each has its agent; twice."""
    count = 20 if quick else 300
    calm, took = _run(count, ())
    bad, took_bad = _run(count, ONE_IN_TEN)
    return Row(
        title="Personas get their voice agents",
        figures=[
            Measured("agents made a second", count / took, "/s"),
            Measured("from created to ready: p50", percentile(calm, 50), "s"),
            Measured("from created to ready: p95", percentile(calm, 95), "s", at_most=30),
            Measured("one call in ten goes wrong: agents made a second", count / took_bad, "/s"),
            Measured("one call in ten goes wrong: p95", percentile(bad, 95), "s"),
        ],
        setup=f"{count} personas at once, {CONCURRENCY} agents at a time, without the wait for"
        " further edits; each is a secret, a tool and an agent, read back. Wrong: 429, 500, or no"
        " answer although it was done; a call has one second",
    )


def _run(count: int, faults: Sequence[dict[str, Any]]) -> tuple[list[float], float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeElevenLabs(Path(folder) / "fake.log") as fake,
        durable_servers() as servers,
        servers.service(
            "voice_svc",
            more={
                **vendor_settings(fake),
                "DRAMATIS_VOICE_AGENT_CONCURRENCY": str(CONCURRENCY),
                "DRAMATIS_VOICE_SETTLE_SECONDS": "0",
                **({"DRAMATIS_VOICE_VENDOR_TIMEOUT_SECONDS": "1"} if faults else {}),
            },
        ),
    ):
        fake.fail(*faults)
        waited, took = asyncio.run(_make(servers.broker.url, count))
        made = len(fake.state()["agents"])
    if made != count:
        raise RuntimeError(f"{made} agents for {count} personas")
    return waited, took


async def _make(nats_url: str, count: int) -> tuple[list[float], float]:
    """Return how many seconds each persona waited, and how many all took."""
    connection = await nats.connect(nats_url)
    js = connection.jetstream()
    await apply_streams(js)
    personas = [a_persona(number) for number in range(count)]
    told: dict[str, float] = {}
    ready: dict[str, float] = {}
    all_ready = asyncio.Event()

    async def on_ready(message: Msg) -> None:
        ready[json.loads(message.data)["persona_id"]] = perf_counter()
        if len(ready) == count:
            all_ready.set()

    await connection.subscribe(f"voice.agent_ready.v1.{WORKSPACE}", cb=on_ready)
    start = perf_counter()
    for persona in personas:
        await show(js, persona)
        await tell(js, persona)
        told[str(persona.persona_id)] = perf_counter()
    async with asyncio.timeout(READY_SECONDS):
        await all_ready.wait()
    await connection.close()
    waited = [ready[persona_id] - at for persona_id, at in told.items()]
    return waited, max(ready.values()) - start
