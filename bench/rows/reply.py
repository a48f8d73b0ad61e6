"""Row 12: a reply becomes a draft: by draft-svc, by a worker by hand, and with a slow model."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from uuid import uuid4

import httpx
import nats
import psutil
from measured import TIMES, Measured, Row
from nats.aio.msg import Msg
from persona_contracts import LeadRepliedV1, encode_headers, subject_for
from servers import Servers, durable_servers
from service_devkit.embedded import free_port
from service_devkit.testing.api import Api
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.publishing import Message, send_batch
from state import publish_senders

FOLDER = Path(__file__).parents[1]
WORKSPACES = 20
RUNS = 3
RATE = 50
FILL_BATCH = 500
WAIT_SECONDS = 300
SINGLES = 5
TEXT = "Thanks for reaching out. What does it cost for ten people? " + "We have bicycles. " * 6
DRAFTED = "draft.created.v1.*"
"""Everything that a reply becomes here."""


def measure(*, quick: bool) -> Row:
    """Bursts of both by turns; then at a steady rate; then with a slow model."""
    burst, seconds, slow = (1_000, 5, 600) if quick else (5_000, 20, 3_000)
    with durable_servers() as bench:
        asyncio.run(publish_senders(bench.broker.url, WORKSPACES))
        ours, by_hand = list[float](), list[float]()
        for _ in range(RUNS):
            with _worker_by_hand(bench):
                by_hand.append(asyncio.run(_burst(bench, burst)))
            with bench.service("draft_svc"), bench.service("ingest_svc"):
                ours.append(asyncio.run(_burst(bench, burst)))
        with _worker_by_hand(bench):
            late_by_hand = asyncio.run(_steady(bench, RATE * seconds))
        with bench.service("draft_svc"), bench.service("ingest_svc"):
            late = asyncio.run(_steady(bench, RATE * seconds))
        model = _with_slow_model(bench, slow, flood=slow)
    return Row(
        title="a reply becomes a draft, one process",
        figures=[
            Measured(f"at {RATE} replies/s, from sent to drafted, p50", late[0], "ms", at_most=40),
            Measured("p99", late[1], "ms", at_most=120),
            Measured("by hand, p50", late_by_hand[0], "ms"),
            Measured("by hand, p99", late_by_hand[1], "ms"),
            Measured(f"a burst of {burst:,}", median(ours), "/s", at_least=250),
            Measured("a worker by hand", median(by_hand), "/s"),
            Measured("as fast as by hand", median(ours) / median(by_hand), TIMES, at_least=0.7),
            Measured(
                "with a model that takes 2 s a call, at its best", model.rate, "/s", at_least=50
            ),
            Measured("calls at once, at most", model.most_at_once, ""),
            Measured("calls a draft", model.calls_a_draft, "", at_most=2),
            Measured("memory, last third to first", model.growth, TIMES, at_most=1.1),
            Measured("SIGTERM with calls under way", model.stop_seconds, "s", at_most=10),
            Measured(f"a single reply beside {slow:,} of another workspace", model.beside, "s"),
            Measured("of one that is alone", model.beside / model.alone, TIMES, at_most=2),
        ],
        setup=f"{WORKSPACES} workspaces whose persona knows nothing, fsync on, e-mail, the offline"
        f" writer; of bursts the median of {RUNS} by turns; ours beside ingest-svc",
    )


@contextmanager
def _worker_by_hand(bench: Servers) -> Iterator[None]:
    database = bench.databases.new("draft_svc")
    url = database.admin_url.replace("+psycopg", "")
    command = [sys.executable, "-m", "bench_svc.reply_by_hand", url, bench.broker.url]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE) as child:  # noqa: S603 — our own
        try:
            if child.stdout is None or child.stdout.readline() != b"ready\n":
                raise RuntimeError("the worker by hand did not start")
            yield
        finally:
            child.kill()
    bench.databases.drop(database)


async def _burst(bench: Servers, replies: int) -> float:
    """Return drafts per second, from the first reply sent to the last draft published."""
    async with Crm(bench.broker.url) as crm:
        start = perf_counter()
        await crm.send(range(replies))
        await crm.until_drafted(replies)
        return replies / (perf_counter() - start)


async def _steady(bench: Servers, replies: int) -> tuple[float, float]:
    """Return p50 and p99 from a reply sent to its draft received, in ms, at RATE a second."""
    warm = 2 * RATE
    async with Crm(bench.broker.url) as crm:
        begin = perf_counter()
        for number in range(warm + replies):
            await asyncio.sleep(max(0.0, begin + number / RATE - perf_counter()))
            await crm.send([number])
        await crm.until_drafted(warm + replies)
        took = [crm.seconds(number) * 1_000 for number in range(warm, warm + replies)]
    cuts = quantiles(took, n=100)
    return cuts[49], cuts[98]


@dataclass(slots=True)
class _SlowModel:
    rate: float = 0
    most_at_once: float = 0
    calls_a_draft: float = 0
    growth: float = 0
    stop_seconds: float = 0
    alone: float = 0
    beside: float = 0


def _with_slow_model(bench: Servers, replies: int, *, flood: int) -> _SlowModel:
    """Measure with a model's server that takes 2 s a call."""
    found, port = _SlowModel(), free_port()
    env = {
        "DRAMATIS_DRAFT_WRITER": "openai",
        "DRAMATIS_DRAFT_MODEL": "stub",
        "DRAMATIS_DRAFT_OPENAI_API_KEY": "none",
        "DRAMATIS_DRAFT_OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
    }
    script = [sys.executable, FOLDER / "model_stub.py", str(port)]
    with ExitStack() as open_:
        stub = open_.enter_context(subprocess.Popen(script))  # noqa: S603 — our own
        open_.callback(stub.kill)
        with bench.service("draft_svc", more=env) as (_, api):
            asyncio.run(_drain_slowly(bench, api, replies, found))
        calls = httpx.get(f"http://127.0.0.1:{port}/calls").json()
        found.most_at_once = calls["most_at_once"]
        found.calls_a_draft = calls["calls"] / replies
        with bench.service("draft_svc", more=env) as (_, api):
            asyncio.run(_single_beside_flood(bench, flood, found))
            found.stop_seconds = _terminate(api)
    return found


async def _drain_slowly(bench: Servers, api: Api, replies: int, found: _SlowModel) -> None:
    """Note the rate once the service has found out how much it can ask, and its memory."""
    process = psutil.Process(api.process.pid)
    memory, marks = list[int](), list[tuple[float, int]]()
    async with Crm(bench.broker.url) as crm:
        await crm.send(range(replies))

        async def is_done() -> bool:
            await asyncio.sleep(0.25)
            memory.append(process.memory_info().rss)
            marks.append((perf_counter(), len(crm.drafted_at)))
            return len(crm.drafted_at) >= replies

        await wait_until(is_done, WAIT_SECONDS)
    half = [(at, done) for at, done in marks if replies / 2 <= done <= replies * 0.95]
    (begin, before), (end, after) = half[0], half[-1]
    found.rate = (after - before) / (end - begin)
    third = len(memory) // 3
    found.growth = median(memory[-third:]) / median(memory[:third])


async def _single_beside_flood(bench: Servers, flood: int, found: _SlowModel) -> None:
    """Note how long one reply takes alone, and while another workspace's replies wait."""
    async with Crm(bench.broker.url) as crm:
        found.alone = await _single(crm, -1)
        await crm.send(range(flood), workspace=0)
        await wait_until(lambda: len(crm.drafted_at) > flood / 10, WAIT_SECONDS)
        found.beside = max([await _single(crm, -2 - number) for number in range(SINGLES)])


async def _single(crm: "Crm", number: int) -> float:
    await crm.send([number], workspace=1)
    await wait_until(lambda: crm.is_drafted(number), WAIT_SECONDS)
    return crm.seconds(number)


def _terminate(api: Api) -> float:
    """Return how long the process takes to end after a SIGTERM."""
    process = psutil.Process(api.process.pid)
    start = perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return perf_counter() - start


class Crm:
    """Sends numbered replies and sees what becomes of them; leaves the streams empty."""

    def __init__(self, nats_url: str) -> None:
        self._url = nats_url
        self._prefix = uuid4().hex
        self._sent_at = dict[str, float]()
        self.drafted_at = dict[str, float]()

    async def __aenter__(self) -> "Crm":
        self._connection = await nats.connect(self._url)
        await self._connection.subscribe(DRAFTED, cb=self._drafted)
        return self

    async def __aexit__(self, *_: object) -> None:
        js = self._connection.jetstream()
        await js.purge_stream("CRM")
        await js.purge_stream("DRAFT")
        await self._connection.close()

    async def _drafted(self, message: Msg) -> None:
        _, _, rest = message.data.partition(b'"message_id":"')
        self.drafted_at[rest.partition(b'"')[0].decode()] = perf_counter()

    def _id(self, number: int) -> str:
        return f"{self._prefix}.{number}"

    def is_drafted(self, number: int) -> bool:
        """Return whether the draft of this reply has been published."""
        return self._id(number) in self.drafted_at

    def seconds(self, number: int) -> float:
        """Return how long this reply took to become a draft."""
        return self.drafted_at[self._id(number)] - self._sent_at[self._id(number)]

    async def send(self, numbers: Iterable[int], workspace: int | None = None) -> None:
        """Send the replies of these numbers, of all workspaces or of one."""
        for some in batched(numbers, FILL_BATCH):
            messages = [self._reply(number, workspace) for number in some]
            now = perf_counter()
            self._sent_at |= {self._id(number): now for number in some}
            await send_batch(self._connection, messages)

    async def until_drafted(self, count: int) -> None:
        """Wait until so many drafts have come."""
        await wait_until(lambda: len(self.drafted_at) >= count, WAIT_SECONDS)

    def _reply(self, number: int, workspace: int | None) -> Message:
        now = utc_now()
        event = LeadRepliedV1(
            workspace_id=f"bench-{number % WORKSPACES if workspace is None else workspace}",
            message_id=self._id(number),
            lead_id=f"lead-{number}",
            channel="email",
            received_at=now,
            subject="Re: Bicycles",
            body_text=TEXT,
        )
        headers = encode_headers(event, event_id=event.message_id, source="urn:crm", time=now)
        body = event.model_dump_json().encode()
        return Message(subject=subject_for(event), body=body, headers=headers)


def batched(numbers: Iterable[int], size: int) -> Iterator[list[int]]:
    """Yield lists of up to `size`."""
    rest = iter(numbers)
    while some := list(islice(rest, size)):
        yield some
