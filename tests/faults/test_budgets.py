"""The largest requests and events, twenty of each at once: what they cost has a limit.

The limits are the table of docs/reliability.md. With `-s` it prints what was measured. Processor
time is bounded, time is not: it depends on what else the machine does.
"""

import asyncio
import json
import threading
from itertools import product
from pathlib import Path
from uuid import uuid4

import httpx
import nats
import psutil
import pytest
from attacks.sides import cpu_seconds
from every_service import SERVICES
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.guard import LONG_BODY_BYTES, MAX_BODY_BYTES

AT_ONCE = 20
SIZES = (MAX_BODY_BYTES, LONG_BODY_BYTES)
MAX_EVENT = 512 * 1024
SHAPES = {"text": "one long text", "fields": "very many fields", "items": "very many items"}
MAX_MEGABYTES = 150
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- costs: tests/faults/test_budgets.py -->\n", "<!-- end of costs -->"
BODIES = {"text": (100, 10), "fields": (150, 10), "items": (50, 10)}
LIMITS = {
    **{
        f"{service.replace('_', '-')}: bodies of {words}": BODIES[shape]
        for shape, words in SHAPES.items()
        for service in SERVICES
    },
    "persona-svc: files of personas": (150, 40),
    **{f"{service.replace('_', '-')}: events of 512 KB": (60, 10) for service in SERVICES},
    "draft-svc: replies of 512 KB": (60, 15),
}
"""Of each: megabytes above before, and seconds of processor time of the service."""
GOLDEN = Path(__file__).parents[2] / "shared" / "contracts" / "tests" / "golden"
EVENTS = (
    "lead.replied.v1.plain", "lead.outcome.v1", "lead.erased.v1", "campaign.synced.v1.plain",
    "campaign.removed.v1", "message.sent.v1.plain", "message.failed.v1", "file.uploaded.v1",
    "file.deleted.v1",
)  # fmt: skip
"""Everything that comes from outside."""
REFUSED = {400, 401, 404, 409, 412, 413, 422, 503}
MEASURED = {}


class Cost:
    """Memory at its peak, and processor time of a service, from `with` to its end."""

    def __init__(self, api):
        self._process = psutil.Process(api.process.pid)
        self._stop = threading.Event()

    def __enter__(self):
        self._before, self._cpu = self._rss(), cpu_seconds(self._process)
        self.memory = 0
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.cpu = cpu_seconds(self._process) - self._cpu

    def _watch(self):
        while not self._stop.wait(0.02):
            self.memory = max(self.memory, self._rss() - self._before)

    def _rss(self):
        return self._process.memory_info().rss

    def check(self, what):
        MEASURED[what] = (self.memory / 1e6, self.cpu)
        megabytes, seconds = LIMITS[what]
        assert self.memory / 1e6 < megabytes, f"{what}: {self.memory / 1e6:.0f} MB"
        assert self.cpu < seconds, f"{what}: {self.cpu:.1f} s"


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    print()  # noqa: T201 - the table of the docs
    for what, (memory, cpu) in MEASURED.items():
        print(f"{what}: {memory:.0f} MB, {cpu:.1f} s")  # noqa: T201


def as_table():
    lines = ["| twenty at once | memory above before | processor time |", "|---|---|---|"]
    lines += [f"| {what} | {mb} MB | {cpu} s |" for what, (mb, cpu) in LIMITS.items()]
    return "\n".join(lines) + "\n"


def test_the_page_has_the_limits():
    assert as_table() in PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    assert all(megabytes <= MAX_MEGABYTES for megabytes, _ in LIMITS.values())


def routes(api):
    """Yield method and path of each route that takes a JSON body."""
    document = httpx.get(f"{api.url}/openapi.json", timeout=HANG_SECONDS).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                yield method.upper(), path


def largest(shape, size):
    """Return JSON of nearly that size: one long text, or very many fields or items."""
    match shape:
        case "text":
            return json.dumps({"name": "x" * (size - 20)}).encode()
        case "fields":
            return json.dumps({f"k{n}": 1 for n in range(size // 13)}).encode()
        case _:
            return b'{"name":' + b"[" * 200 + b"1" + b",1" * (size // 2 - 300) + b"]" * 200 + b"}"


@pytest.mark.faults
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("shape", SHAPES)
async def test_the_largest_bodies_of_every_route(apis, service, shape):
    api, bodies = apis[service], [largest(shape, size) for size in SIZES]
    assert all(len(body) <= size for body, size in zip(bodies, SIZES, strict=True))
    headers = {"Authorization": f"Bearer {api.token('big')}", "Content-Type": "application/json"}
    with Cost(api) as cost:
        async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=120) as client:
            for (method, path), body in product(routes(api), bodies):
                each = [
                    client.request(method, filled(path), content=body, headers={"If-Match": '"1"'})
                    for _ in range(AT_ONCE)
                ]
                for answer in await asyncio.gather(*each):
                    assert answer.status_code in REFUSED, answer.text
    cost.check(f"{service.replace('_', '-')}: bodies of {SHAPES[shape]}")


@pytest.mark.faults
async def test_the_largest_files_of_personas(apis):
    api = apis["persona_svc"]
    text = b"---\nname: Vela\na: x\n" + b" y\n" * 150_000 + b"---\nx"
    picture = b"\x89PNG\r\n\x1a\n" + bytes(10_000_000)
    headers = {"Authorization": f"Bearer {api.token('big')}"}
    with Cost(api) as cost:
        async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=120) as client:
            for body in (text, picture):
                each = [client.post("/api/personas/import", content=body) for _ in range(AT_ONCE)]
                for answer in await asyncio.gather(*each):
                    assert answer.status_code in REFUSED, answer.text
    cost.check("persona-svc: files of personas")


def filled(path):
    parts = (str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


@pytest.mark.faults
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("service", SERVICES)
async def test_the_largest_events(apis, apis_nats_url, service):
    workspace = f"big-{uuid4().hex[:12]}"
    async with apis["persona_svc"].client(workspace) as client:
        made = await client.post("/api/personas", json={"name": "Vela"})
    with Cost(apis[service]) as cost:
        async with await nats.connect(apis_nats_url) as connection:
            js = connection.jetstream()
            for name in EVENTS:
                for number in range(AT_ONCE):
                    event = json.loads((GOLDEN / f"{name}.json").read_text())["body"]
                    event |= {"workspace_id": workspace, "padding": ""}
                    if "persona_id" in event:
                        event["persona_id"] = made.json()["persona_id"]
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
    cost.check(f"{service.replace('_', '-')}: events of 512 KB")


@pytest.mark.faults
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
        cost.check("draft-svc: replies of 512 KB")
