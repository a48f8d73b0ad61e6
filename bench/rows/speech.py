"""Row 15: what voice-svc adds to audio on its way, beside the same stream asked straight."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import nats
from measured import Measured, Row
from persona_contracts import ResolvedPersona
from servers import durable_servers
from service_devkit.testing.api import Api
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID
from service_kit.topology import apply_streams
from speakers import WORKSPACE, a_persona, show, vendor_settings
from timing import percentile

STREAMS = 20
BETWEEN_SECONDS = 0.05
"""Between the starts of two streams: each lasts longer than all of these together."""
TEXT = "It takes a while to say all this. " * 12


@dataclass(slots=True)
class _Heard:
    """Milliseconds to the first byte of each stream, and between any two parts."""

    first: list[float] = field(default_factory=list[float])
    gaps: list[float] = field(default_factory=list[float])


def measure(*, quick: bool) -> Row:
    """Hear texts by turns, so many at a time: straight from the vendor, and through us."""
    rounds = 2 if quick else 20
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeElevenLabs(Path(folder) / "fake.log") as fake,
        durable_servers() as servers,
        servers.service(
            "voice_svc",
            more={
                **vendor_settings(fake),
                "DRAMATIS_VOICE_SPEECH_CONCURRENCY": str(STREAMS),
                "DRAMATIS_VOICE_AUDIO_CACHE_BYTES": "0",
            },
        ) as (_, voice),
    ):
        fake.behave(
            max_concurrent=2 * STREAMS,
            first_byte_seconds=0.1,
            chunk_seconds=0.05,
            character_limit=10**9,
        )
        persona = asyncio.run(_publish(servers.broker.url))
        straight, through = asyncio.run(_alternate(fake, voice, persona, rounds))
    added = percentile(through.first, 95) - percentile(straight.first, 95)
    held = percentile(through.gaps, 99) - percentile(straight.gaps, 99)
    return Row(
        title="Audio through voice-svc",
        figures=[
            Measured("first byte, asked straight: p95", percentile(straight.first, 95), "ms"),
            Measured("first byte, through voice-svc: p95", percentile(through.first, 95), "ms"),
            Measured("added to the first byte, p95", added, "ms", at_most=15),
            Measured("added between two parts, p99", held, "ms", at_most=10),
        ],
        setup=f"{STREAMS} streams under way at once, {rounds} times; the vendor's first byte after"
        " 100 ms, a part each 50 ms",
    )


async def _publish(nats_url: str) -> ResolvedPersona:
    connection = await nats.connect(nats_url)
    js = connection.jetstream()
    await apply_streams(js)
    persona = a_persona(0)
    await show(js, persona)
    await connection.close()
    return persona


async def _alternate(
    fake: FakeElevenLabs, voice: Api, persona: ResolvedPersona, rounds: int
) -> tuple[_Heard, _Heard]:
    straight, through = _Heard(), _Heard()
    at_vendor = f"{fake.url}/v1/text-to-speech/{DEFAULT_VOICE_ID}/stream"
    at_us = f"/api/personas/{persona.persona_id}/voice/stream"
    limits = httpx.Limits(max_connections=STREAMS, max_keepalive_connections=STREAMS)
    async with (
        httpx.AsyncClient(limits=limits, headers={"xi-api-key": fake.key}) as vendor,
        voice.client(WORKSPACE) as us,
    ):

        async def is_known() -> bool:
            return (await us.post(at_us, json={"text": "Hello."})).is_success

        await wait_until(is_known, 60)
        for number in range(rounds):
            texts = [f"{TEXT} {number} {stream}" for stream in range(STREAMS)]
            model = {"model_id": "eleven_flash_v2_5"}
            await _all(vendor, at_vendor, [{"text": text, **model} for text in texts], straight)
            await _all(us, at_us, [{"text": text} for text in texts], through)
    return straight, through


async def _all(
    client: httpx.AsyncClient, url: str, bodies: list[Mapping[str, Any]], heard: _Heard
) -> None:
    """Hear them, begun one after the other, so that all are under way at the same time."""
    async with asyncio.TaskGroup() as group:
        for body in bodies:
            group.create_task(_hear(client, url, body, heard))
            await asyncio.sleep(BETWEEN_SECONDS)


async def _hear(
    client: httpx.AsyncClient, url: str, body: Mapping[str, Any], heard: _Heard
) -> None:
    last = start = perf_counter()
    async with client.stream("POST", url, json=body) as answer:
        answer.raise_for_status()
        async for _ in answer.aiter_raw():
            now = perf_counter()
            (heard.gaps if last > start else heard.first).append((now - last) * 1_000)
            last = now
