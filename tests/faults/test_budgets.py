"""The largest requests and events, twenty of each at once: what they cost has a limit.

With `-s` it prints the table of docs/reliability.md.
"""

import asyncio
import json
import threading
from pathlib import Path
from time import monotonic
from uuid import uuid4

import httpx
import nats
import psutil
import pytest
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.faults
AT_ONCE = 20
MAX_BODY = 1024 * 1024
MAX_EVENT = 512 * 1024
MAX_MEMORY = 150 * 1024 * 1024
MAX_CPU_SECONDS, MAX_SECONDS = 60.0, 300.0
"""Of the service for all twenty, on two cores that others use too."""
SERVICES = ("persona_svc", "draft_svc", "followup_svc", "ingest_svc")
GOLDEN = Path(__file__).parents[2] / "shared" / "contracts" / "tests" / "golden"
EVENTS = (
    "lead.replied.v1.plain", "campaign.synced.v1.plain", "message.sent.v1.plain",
    "lead.outcome.v1", "file.deleted.v1",
)  # fmt: skip
MEASURED = {}


class Cost:
    """Memory at its peak, processor time and time of a service, from `with` to its end."""

    def __init__(self, api):
        self._process = psutil.Process(api.process.pid)
        self._stop = threading.Event()

    def __enter__(self):
        self._before, self._cpu, self._begun = self._rss(), self._cpu_seconds(), monotonic()
        self.memory = 0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.seconds = monotonic() - self._begun
        self.cpu = self._cpu_seconds() - self._cpu

    def _watch(self):
        while not self._stop.wait(0.02):
            self.memory = max(self.memory, self._rss() - self._before)

    def _rss(self):
        return self._process.memory_info().rss

    def _cpu_seconds(self):
        times = self._process.cpu_times()
        return times.user + times.system

    def check(self, what):
        MEASURED[what] = (self.memory / 1e6, self.cpu, self.seconds)
        assert self.memory < MAX_MEMORY, f"{what}: {self.memory / 1e6:.0f} MB"
        assert self.cpu < MAX_CPU_SECONDS
        assert self.seconds < MAX_SECONDS


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    print()  # noqa: T201 - the table of the docs
    for what, (memory, cpu, seconds) in MEASURED.items():
        print(f"| {what} | {memory:.0f} MB | {cpu:.1f} s | {seconds:.1f} s |")  # noqa: T201


def routes(api):
    """Yield method and path of each route that takes a JSON body."""
    document = httpx.get(f"{api.url}/openapi.json", timeout=HANG_SECONDS).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                yield method.upper(), path


def largest(shape):
    """Return JSON of nearly a megabyte: one long text, or very many fields or items."""
    match shape:
        case "text":
            return json.dumps({"name": "x" * (MAX_BODY - 100)}).encode()
        case "fields":
            return json.dumps({f"k{n}": 1 for n in range(80_000)}).encode()
        case _:
            return b'{"name":' + b"[" * 200 + b"1" + b",1" * 500_000 + b"]" * 200 + b"}"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("shape", ["text", "fields", "items"])
async def test_the_largest_bodies_of_every_route(apis, service, shape):
    api, body = apis[service], largest(shape)
    assert len(body) <= MAX_BODY + 100
    headers = {"Authorization": f"Bearer {api.token('big')}", "Content-Type": "application/json"}
    with Cost(api) as cost:
        async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=120) as client:
            for method, path in routes(api):
                each = [
                    client.request(method, filled(path), content=body, headers={"If-Match": '"1"'})
                    for _ in range(AT_ONCE)
                ]
                for answer in await asyncio.gather(*each):
                    assert answer.status_code in {400, 404, 409, 412, 413, 422, 503}, answer.text
    cost.check(f"{service.replace('_', '-')}, {shape}")


def filled(path):
    parts = (str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


@pytest.mark.parametrize("service", SERVICES)
async def test_the_largest_events(apis, apis_nats_url, service):
    workspace = f"big-{uuid4().hex[:12]}"
    with Cost(apis[service]) as cost:
        async with await nats.connect(apis_nats_url) as connection:
            js = connection.jetstream()
            for name in EVENTS:
                for number in range(AT_ONCE):
                    event = json.loads((GOLDEN / f"{name}.json").read_text())["body"]
                    event |= {"workspace_id": workspace, "padding": ""}
                    for field in ("message_id", "lead_id", "campaign_id", "file_id"):
                        if field in event:
                            event[field] = f"{field}-{number}"
                    event["padding"] = "x" * (MAX_EVENT - 10 - len(json.dumps(event)))
                    kind = name.partition(".v1")[0]
                    await js.publish(f"{kind}.v1.{workspace}", json.dumps(event).encode())

            async def is_idle():
                found = await js.consumers_info("CRM")
                return all(not each.num_pending and not each.num_ack_pending for each in found)

            await wait_until(is_idle)
    cost.check(f"{service.replace('_', '-')}, events")


async def test_the_longest_replies_become_drafts(apis):
    api, workspace = apis["draft_svc"], f"big-{uuid4().hex[:12]}"
    headers = {"Authorization": f"Bearer {api.token(workspace)}"}
    html = "<p>What does it cost?</p>" + "<p>Some more words to read.</p>" * 16_000
    event = json.loads((GOLDEN / "lead.replied.v1.plain.json").read_text())["body"]
    event = {**event, "workspace_id": workspace, "raw_email": None, "body_html": html}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=120) as client:
        with Cost(api) as cost:
            for number in range(AT_ONCE):
                same = {**event, "message_id": f"m{number}", "lead_id": f"l{number}"}
                assert (await client.post("/api/replies", json=same)).status_code == 202

            async def are_ready():
                items = (await client.get("/api/drafts?limit=200")).json()["items"]
                return len([each for each in items if each["status"] in {"ready", "failed"}]) == 20

            await wait_until(are_ready)
        cost.check("draft-svc, replies of 512 KB")
