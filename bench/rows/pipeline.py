"""Row 4: consume an event, store it, publish another; the kit against a hand-written loop."""

import asyncio
import gc
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import nats
from bench_svc import by_hand
from bench_svc.by_kit import KitProcess
from measured import TIMES, Measured, Row
from nats.js.errors import NotFoundError
from persona_contracts import LeadRepliedV1, encode_headers, subject_for
from service_devkit.embedded import NatsProcess, PostgresProcess, free_port
from service_devkit.testing.database import Databases
from service_kit.clock import utc_now
from service_kit.publishing import Message, send_batch
from service_kit.topology import Durable, ensure_consumer, ensure_stream

WORKSPACES = 20
FILL_BATCH = 1_000
TEXT = "Thanks for reaching out. Could you tell me what this costs for a team of twelve? " * 3


@dataclass(frozen=True, slots=True)
class Servers:
    """One broker, and one Postgres that waits for the disk, for both sides."""

    nats_url: str
    databases: Databases
    events: int


def measure(*, quick: bool) -> Row:
    """Run both by turns on the same servers; medians."""
    repeats, events = (2, 2_000) if quick else (5, 5_000)
    with (
        tempfile.TemporaryDirectory() as folder,
        NatsProcess(Path(folder) / "nats") as broker,
        PostgresProcess(Path(folder) / "postgres", port=free_port()) as postgres,
    ):
        servers = Servers(broker.url, Databases(postgres), events)
        return asyncio.run(_alternate(servers, repeats))


async def _alternate(servers: Servers, repeats: int) -> Row:
    kit: list[float] = []
    raw: list[float] = []
    marking: list[float] = []
    for _ in range(repeats):
        kit.append(servers.events / await _by_kit(servers))
        raw.append(servers.events / await _by_hand(servers, mark=False))
        marking.append(servers.events / await _by_hand(servers, mark=True))
    pairs = zip(kit, raw, marking, strict=True)
    ratios = [(k / r, k / m) for k, r, m in pairs]
    return Row(
        title="Consume an event → transaction → published event, one process",
        figures=[
            Measured("the kit", median(kit), "/s"),
            Measured("loop by hand, never marks the outbox", median(raw), "/s"),
            Measured("as fast as that", median(r for r, _ in ratios), TIMES, at_least=0.9),
            Measured("loop by hand that marks what it published", median(marking), "/s"),
            Measured("as fast as that", median(m for _, m in ratios), TIMES),
        ],
        setup=f"{repeats} by turns, {servers.events} events each, fsync on",
    )


async def _by_kit(servers: Servers) -> float:
    database = servers.databases.new("bench_svc")
    process = KitProcess(database.login_url, servers.nats_url)
    await _fill(servers, process.durables)
    gc.collect()
    start = perf_counter()
    await process.run_until_published(servers.events)
    took = perf_counter() - start
    await process.stop()
    servers.databases.drop(database)
    return took


async def _by_hand(servers: Servers, *, mark: bool) -> float:
    database = servers.databases.new("bench_svc")
    durable = Durable(stream="CRM", name="by_hand", filter_subjects=("lead.replied.v1.*",))
    await _fill(servers, [durable])
    gc.collect()
    start = perf_counter()
    await by_hand.run_until_published(
        database.admin_url.replace("+psycopg", ""),
        servers.nats_url,
        durable,
        servers.events,
        mark=mark,
    )
    took = perf_counter() - start
    servers.databases.drop(database)
    return took


async def _fill(servers: Servers, durables: list[Durable]) -> None:
    """Start from new streams: CRM with the events, DRAFT without any."""
    connection = await nats.connect(servers.nats_url)
    js = connection.jetstream()
    for name in ("CRM", "DRAFT", "ADVISORY", "DEAD"):
        with suppress(NotFoundError):
            await js.delete_stream(name)
        await ensure_stream(js, name)
    for durable in durables:
        await ensure_consumer(js, durable)
    messages = [_message(number) for number in range(servers.events)]
    for first in range(0, len(messages), FILL_BATCH):
        await send_batch(connection, messages[first : first + FILL_BATCH])
    await connection.close()


def _message(number: int) -> Message:
    now = utc_now()
    event = LeadRepliedV1(
        workspace_id=f"workspace-{number % WORKSPACES}",
        message_id=f"message-{number}",
        lead_id=f"lead-{number}",
        channel="email",
        received_at=now,
        body_text=TEXT,
    )
    headers = encode_headers(event, event_id=f"event-{number}", source="urn:crm", time=now)
    body = event.model_dump_json().encode()
    return Message(subject=subject_for(event), body=body, headers=headers)
