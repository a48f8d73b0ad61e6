"""Row 10: due follow-up steps drained, against the same job on procrastinate."""

import asyncio
import json
import os
import subprocess
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import nats
import psycopg
from measured import TIMES, Measured, Row
from nats.aio.client import Client
from nats.aio.msg import Msg
from persona_contracts import (
    MessageSentV1,
    encode_headers,
    subject_for,
)
from servers import Servers, durable_servers
from service_devkit.testing.api import Api
from service_devkit.testing.database import Database
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.publishing import Message, send_batch
from state import publish_senders

FOLDER = Path(__file__).parents[1]
PEER = FOLDER / "peers" / "queue"
WORKSPACES = 20
RUNS = 2
LATENESS_RATE, LATENESS_SECONDS = 200, 20
ANSWERS_AT_ONCE = 200
WAIT_SECONDS = 600
DEFINITION = {
    "name": "Bench",
    "ai_persona_id": None,
    "steps": [
        {
            "channel": "email",
            "delay": {"amount": 0, "unit": "minutes"},
            "subject": "{company} and bicycles",
            "body": "Hi {firstName|there},\n\nthis is {senderName}. {serviceDescription}"
            " Does {company} have ten minutes this week?\n\n{signature}",
        }
    ],
    "send_window": None,
    "stop_on_reply": True,
    "on_reply": "stop",
    "trigger": None,
}
_SEQUENCES = """
insert into sequence (sequence_id, workspace_id, name, version, definition)
  select gen_random_uuid(), 'bench-' || n, 'Bench', 1, %(definition)s
  from generate_series(0, %(workspaces)s - 1) n;
"""
_VERSIONS = """
insert into sequence_version (sequence_id, version, workspace_id, definition, changed_by)
  select sequence_id, 1, workspace_id, definition, 'bench' from sequence
"""
_INSTANCES = """
with new as (
  select gen_random_uuid() as instance_id, workspace_id, sequence_id,
    %(prefix)s || n as lead_id, now() + interval '1 day' + n * %(apart)s as next_at
  from generate_series(1, %(count)s) n
  join sequence on workspace_id = 'bench-' || n %% %(workspaces)s
), known as (
  insert into lead (workspace_id, lead_id, profile)
  select workspace_id, lead_id, '{"first_name": "Bo", "company": "Acme"}' from new
), started as (
  insert into instance (instance_id, workspace_id, sequence_id, sequence_version, lead_id, state,
    step, awaiting_answer, next_at, started_by)
  select instance_id, workspace_id, sequence_id, 1, lead_id, 'active', 1, false, next_at, 'bench'
  from new
)
insert into instance_due (instance_id, workspace_id, due_at)
  select instance_id, workspace_id, next_at from new
"""
_MAKE_DUE = """
with early as (
  update instance set next_at = now() where lead_id like %(prefix)s || '%%'
  returning instance_id
)
update instance_due set due_at = now() from early
where instance_due.instance_id = early.instance_id
"""
_SPREAD = """
with early as (
  update instance set next_at = now() + interval '3 s'
    + substr(lead_id, length(%(prefix)s) + 1)::int * interval '1 s' / %(rate)s
  where lead_id like %(prefix)s || '%%' returning instance_id, next_at
)
update instance_due set due_at = early.next_at from early
where instance_due.instance_id = early.instance_id
returning instance_due.instance_id, instance_due.due_at
"""
_COMPLETED = "followup.completed.v1.*"
_PUBLISHED = """
select (convert_from(body, 'utf8')::jsonb ->> 'instance_id')::uuid, published_at from outbox
where subject like 'followup.send_requested%%' and published_at is not null
"""


def measure(*, quick: bool) -> Row:
    """Drain ours and the peer's by turns; then beside few and many waiting; then lateness."""
    steps, peer_jobs, many = (5_000, 500, 50_000) if quick else (100_000, 3_000, 1_000_000)
    _install_peer()
    with durable_servers() as bench:
        asyncio.run(publish_senders(bench.broker.url, WORKSPACES))
        peer = ours = 0.0
        for _ in range(RUNS):
            peer = max(peer, asyncio.run(_peer(bench, peer_jobs)))
            with _service(bench) as (database, api):
                ours = max(ours, asyncio.run(_drain(bench, database, api, "a", steps)))
        few, beside = asyncio.run(_beside(bench, many // 100, many))
        with _service(bench) as (database, api):
            late = asyncio.run(_lateness(bench, database, api))
    return Row(
        title=f"{steps:,} due follow-up steps: rendered, requested, answered, one process",
        figures=[
            Measured("steps", ours, "/s", at_least=1_500),
            Measured("procrastinate: a job a step, and one an answer", peer, "/s"),
            Measured("as fast as procrastinate", ours / peer, TIMES, at_least=5),
            Measured(f"cost of a step beside {many // 100:,} that wait", 1e6 / few, "µs"),
            Measured(f"cost of a step beside {many:,} that wait", 1e6 / beside, "µs"),
            Measured("of that", few / beside, TIMES, at_most=1.3),
            Measured(f"late at {LATENESS_RATE} due steps/s, p50", late[0], "s"),
            Measured(f"late at {LATENESS_RATE} due steps/s, p99", late[1], "s", at_most=1.5),
        ],
        setup=f"{WORKSPACES} workspaces, fsync on, a CRM in this process answers every request;"
        f" procrastinate: {peer_jobs:,} jobs; of both the better of {RUNS} runs, by turns",
    )


def _service(bench: Servers) -> AbstractContextManager[tuple[Database, Api]]:
    return bench.service("followup_svc", prepare=_add_sequences)


def _add_sequences(database: Database) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(_SEQUENCES, {"definition": json.dumps(DEFINITION), "workspaces": WORKSPACES})
        admin.execute(_VERSIONS)


def _seed(database: Database, prefix: str, count: int, apart: str = "0 s") -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        values = {"prefix": prefix, "count": count, "workspaces": WORKSPACES, "apart": apart}
        admin.execute(_INSTANCES.replace("%(apart)s", "cast(%(apart)s as interval)"), values)
        admin.execute("vacuum analyze")


async def _drain(bench: Servers, database: Database, api: Api, prefix: str, steps: int) -> float:
    """Return steps per second, from their being due to their being answered."""
    _seed(database, prefix, steps)
    async with _Crm(bench.broker.url) as connection:
        before = await _completed(connection)
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            admin.execute(_MAKE_DUE, {"prefix": prefix})
        start = perf_counter()

        async def is_done() -> bool:
            await asyncio.sleep(0.1)
            return await _completed(connection) - before >= steps

        await wait_until(is_done, WAIT_SECONDS)
        took = perf_counter() - start
    del api
    return steps / took


async def _completed(connection: Client) -> int:
    """Return how many follow-ups the broker has as completed: asking it costs next to nothing."""
    info = await connection.jetstream().stream_info("FOLLOWUP", subjects_filter=_COMPLETED)
    return sum((info.state.subjects or {}).values())


async def _until_empty(admin: psycopg.Connection[Any], query: str, value: str) -> None:
    async def is_empty() -> bool:
        rows = await asyncio.to_thread(lambda: admin.execute(query, (value,)).fetchall())
        if rows:
            await asyncio.sleep(0.1)
        return not rows

    await wait_until(is_empty, WAIT_SECONDS)


async def _beside(bench: Servers, few: int, many: int) -> tuple[float, float]:
    """Return steps per second beside `few` and beside `many` instances that wait."""
    steps = max(1_000, many // 100)
    with _service(bench) as (database, api):
        _seed(database, "waiting-", few, "1 s")
        await _drain(bench, database, api, "warm-", steps // 10)
        first = await _drain(bench, database, api, "first-", steps)
        _seed(database, "more-", many - few, "1 s")
        await _drain(bench, database, api, "warm2-", steps // 10)
        second = await _drain(bench, database, api, "second-", steps)
    return first, second


async def _lateness(bench: Servers, database: Database, api: Api) -> tuple[float, float]:
    """Return p50 and p99 of the time from due to stored by the broker, in seconds."""
    del api
    _seed(database, "late-", LATENESS_RATE * LATENESS_SECONDS)
    async with _Crm(bench.broker.url):
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            planned: dict[UUID, Any] = dict(
                admin.execute(_SPREAD, {"prefix": "late-", "rate": LATENESS_RATE}).fetchall()
            )
            unsent = "select 1 from instance where lead_id like %s and state = 'active' limit 1"
            await _until_empty(admin, unsent, "late-%")
            published = admin.execute(_PUBLISHED).fetchall()
    late = [(at - planned[instance_id]).total_seconds() for instance_id, at in published]
    cuts = quantiles(late, n=100)
    return cuts[49], cuts[98]


class _Crm:
    """Answers every send request, in atomic batches."""

    def __init__(self, nats_url: str) -> None:
        self._url = nats_url
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Client:
        self._connection = await nats.connect(self._url)
        self._task = asyncio.create_task(self._work(self._connection))
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._connection.close()

    async def _work(self, connection: Client) -> None:
        subscription = await connection.jetstream().pull_subscribe(
            "followup.send_requested.v1.*", durable="bench-crm", stream="FOLLOWUP"
        )
        while True:
            with suppress(TimeoutError):
                messages = await subscription.fetch(ANSWERS_AT_ONCE, timeout=1)
                if messages:
                    await send_batch(connection, [_answer(message) for message in messages])
                for message in messages:
                    await message.ack()


def _answer(message: Msg) -> Message:
    request = json.loads(message.data)
    now = utc_now()
    event = MessageSentV1(
        workspace_id=request["workspace_id"],
        request_id=request["request_id"],
        attempt=request["attempt"],
        sent_at=now,
    )
    headers = encode_headers(
        event, event_id=event.default_event_id, source="urn:bench:crm", time=now
    )
    return Message(
        subject=subject_for(event), body=event.model_dump_json().encode(), headers=headers
    )


async def _peer(bench: Servers, jobs: int) -> float:
    """Return the steps per second of the peer, with its own process and database."""
    database = bench.databases.new("followup_svc")
    _add_sequences(database)
    _seed(database, "peer-", jobs)
    python, script = PEER / ".venv" / "bin" / "python", PEER / "drain.py"
    sources = [
        FOLDER.parent / "services" / "followup-svc" / "src",
        FOLDER.parent / "shared" / "kit" / "src",
        FOLDER.parent / "shared" / "contracts" / "src",
    ]
    async with _Crm(bench.broker.url) as connection:
        answer = await asyncio.to_thread(
            subprocess.run,
            [python, script, database.admin_url, bench.broker.url, str(jobs)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))},
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_SECONDS,
        )
        await connection.jetstream().purge_stream("CRM")  # ours must not see these answers
    bench.databases.drop(database)
    if answer.returncode != 0:
        raise RuntimeError(answer.stderr[-500:])
    return jobs / float(answer.stdout)


def _install_peer() -> None:
    if not (PEER / ".venv" / "bin" / "python").exists():
        subprocess.run(["make", "--silent", "bench-peers"], check=True, timeout=600)  # noqa: S607
