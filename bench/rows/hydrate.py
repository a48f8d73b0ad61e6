"""Row 3: a Roster that starts, against pulling the same stream as bytes."""

import asyncio
import gc
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import nats
from measured import TIMES, Measured, Row
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from persona_client import Freshness, Roster
from service_devkit.embedded import NatsProcess
from state import STREAM, documents, fill

PERSONAS = 10_000
BATCH = 500


def measure(*, quick: bool) -> Row:
    """Start both by turns; medians."""
    with tempfile.TemporaryDirectory() as folder, NatsProcess(Path(folder)) as broker:
        return asyncio.run(_alternate(broker.url, 2 if quick else 7))


async def _alternate(nats_url: str, repeats: int) -> Row:
    messages = list(documents(PERSONAS, 0))
    await fill(nats_url, messages)
    size = sum(len(each.body) for each in messages) / len(messages)
    ours: list[float] = []
    raw: list[float] = []
    for _ in range(repeats):
        gc.collect()
        ours.append(await _roster(nats_url, len(messages)))
        gc.collect()
        raw.append(await _raw(nats_url, len(messages)))
    return Row(
        title="Roster, from nothing to READY, 10,000 personas of 2 KB",
        figures=[
            Measured("Roster", median(ours), "s", at_most=1),
            Measured("raw nats-py pull of the same bytes", median(raw), "s"),
            Measured(
                "as fast as raw",
                median(r / o for r, o in zip(raw, ours, strict=True)),
                TIMES,
            ),
        ],
        setup=f"{repeats} by turns; {len(messages)} documents of {size:.0f} bytes on average",
    )


async def _roster(nats_url: str, expected: int) -> float:
    start = perf_counter()
    async with Roster(nats_url, start_timeout_seconds=60) as roster:
        took = perf_counter() - start
        if roster.freshness is not Freshness.READY or roster.document_count != expected:
            raise ValueError(f"the Roster knows {roster.document_count} of {expected} documents")
    return took


async def _raw(nats_url: str, expected: int) -> float:
    start = perf_counter()
    connection = await nats.connect(nats_url)
    js = connection.jetstream()
    consumer = await js.add_consumer(
        STREAM,
        ConsumerConfig(
            deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
            ack_policy=AckPolicy.NONE,
            filter_subjects=["persona-state.v1.*.>"],
            mem_storage=True,
            inactive_threshold=60,
        ),
    )
    subscription = await js.pull_subscribe_bind(consumer.name, STREAM)
    known: dict[str, bytes] = {}
    while len(known) < expected:
        for message in await subscription.fetch(BATCH, 5):
            known[message.subject] = message.data
    took = perf_counter() - start
    await connection.close()
    return took
