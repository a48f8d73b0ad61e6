"""A flood of one workspace delays no other: its events, its lists, its searches.

Delays are differences between the same work with the flood and without it, in one run.
"""

import asyncio
from contextlib import asynccontextmanager
from statistics import median
from time import perf_counter
from uuid import uuid4

import nats
import pytest
from persona_contracts import LeadRepliedV1, subject_for
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import wait_until
from service_kit.publishing import Message, send_batch
from tenant import Tenant, reply

pytestmark = pytest.mark.faults
FLOOD, BATCH = 50_000, 1_000
MAX_DELAY_SECONDS = 5.0
MAX_READ_DELAY_SECONDS = 0.2
READERS = 10
READS = 40


@pytest.fixture
def drafts(own_nats, database, tmp_path):
    """Return a running draft-svc, and the address of its broker."""
    env = service_env(tmp_path, database_url=database("draft_svc").login_url, nats_url=own_nats.url)
    with running("draft_svc", tmp_path, env) as api:
        yield api, own_nats.url


SMALLER_FLOOD = 5_000


def no_event(workspace_id, number):
    """Return a message that is parked."""
    subject = f"lead.replied.v1.{workspace_id}"
    return Message(subject=subject, body=f'{{"n":{number}}}'.encode(), headers={})


def message(workspace_id, number):
    event = LeadRepliedV1.model_validate(reply(workspace_id, f"w{number}"))
    return Message(subject=subject_for(event), body=event.model_dump_json().encode(), headers={})


def of_one_workspace():
    evil = f"evil-{uuid4().hex[:12]}"
    return lambda number: message(evil, number)


def of_two_workspaces():
    evil = [f"evil-{uuid4().hex[:12]}" for _ in range(2)]
    return lambda number: message(evil[number % 2], number)


def of_no_events():
    evil = f"evil-{uuid4().hex[:12]}"
    return lambda number: no_event(evil, number)


@pytest.mark.timeout(1_200)
async def test_a_flood_of_one_workspace_delays_no_other(drafts):
    await require_no_delay(drafts, of_one_workspace(), FLOOD)


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("flood", [of_two_workspaces, of_no_events])
async def test_a_flood_of_another_kind_delays_no_other_workspace(drafts, flood):
    await require_no_delay(drafts, flood(), SMALLER_FLOOD)


async def require_no_delay(drafts, flood, count):
    """Send `count` messages of a flood; a reply of another workspace is answered beside it."""
    api, nats_url = drafts
    good = f"good-{uuid4().hex[:12]}"
    async with await nats.connect(nats_url) as crm, api.client(good) as client:

        async def seconds(number):
            """Return how long a reply of the other workspace takes to become a draft."""
            begun = perf_counter()
            await send_batch(crm, [message(good, number)])

            async def is_ready():
                found = (await client.get("/api/drafts?status=ready&limit=200")).json()["items"]
                return any(item["message_id"] == f"message-w{number}" for item in found)

            await wait_until(is_ready)
            return perf_counter() - begun

        alone = median([await seconds(number) for number in range(5)])
        for start in range(0, count, BATCH):
            await send_batch(crm, [flood(n) for n in range(start, start + BATCH)])
        beside = [await seconds(number) for number in range(10, 15)]
        info = await crm.jetstream().consumer_info("CRM", "draft-svc_on_lead_replied")
        print(f"alone {alone:.2f} s, beside {max(beside):.2f} s, waiting {info.num_pending:,}")  # noqa: T201
        assert max(beside) - alone < MAX_DELAY_SECONDS


@asynccontextmanager
async def busy(client, method, path, **more):
    """Have READERS ask for the same again and again, until the end of the block."""

    async def ask_on():
        while True:
            (await client.request(method, path, **more)).raise_for_status()

    tasks = [asyncio.create_task(ask_on()) for _ in range(READERS)]
    await asyncio.sleep(0)
    yield
    for task in tasks:
        assert not task.done(), task.exception()
        task.cancel()


async def read_seconds(client, path):
    took = []
    for _ in range(READS):
        begun = perf_counter()
        (await client.get(path)).raise_for_status()
        took.append(perf_counter() - begun)
    return median(took)


@pytest.fixture
async def tenants(apis, apis_nats_url):
    """Return two workspaces that have something of everything; the first has 200 drafts, too."""
    evil, good = Tenant(f"evil-{uuid4().hex[:12]}", apis), Tenant(f"good-{uuid4().hex[:12]}", apis)
    for tenant in (evil, good):
        await tenant.furnish(apis_nats_url, f"words-{uuid4().hex[:12]}")
    for number in range(200):
        evil.call("draft_svc", "POST", "/api/replies", json=reply(evil.workspace_id, f"w{number}"))

    def drafted():
        return len(evil.done("draft_svc", "GET", "/api/drafts?limit=200")["items"]) == 200

    await wait_until(drafted)
    return evil, good


FILES = "/api/personas/{persona}/files"
SEARCH = {"query": "What may nobody else read?", "limit": 20}


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize(
    ("service", "asked", "read_path"),
    [
        ("draft_svc", ("GET", "/api/drafts?limit=200"), "/api/drafts/{draft}"),
        ("persona_svc", ("GET", "/api/personas?limit=200"), "/api/personas/{persona}"),
        ("followup_svc", ("GET", "/api/instances?limit=200"), "/api/instances/{instance}"),
        (
            "voice_svc",
            ("GET", "/api/calls?limit=200"),
            "/api/personas/{persona}/voice/usage",
        ),
        (
            "chat_svc",
            ("GET", "/api/conversations?limit=200"),
            "/api/conversations/{conversation}",
        ),
        (
            "chat_svc",
            ("GET", "/api/conversations/search?query=words"),
            "/api/conversations/{conversation}",
        ),
        ("ingest_svc", ("GET", f"{FILES}?limit=200"), f"{FILES}/{{file}}"),
        ("ingest_svc", ("POST", "/api/personas/{persona}/knowledge/search"), f"{FILES}/{{file}}"),
    ],
    ids=[
        *("drafts", "personas", "instances", "calls", "conversations", "words", "files"),
        "searches",
    ],
)
async def test_lists_and_searches_of_one_workspace_slow_no_read_of_another(
    apis, tenants, service, asked, read_path
):
    evil, good = tenants
    (method, busy_path), path = asked, read_path.format(**good.ids)
    more = {"json": SEARCH} if method == "POST" else {}
    api = apis[service]
    async with api.client(evil.workspace_id) as attacker, api.client(good.workspace_id) as reader:
        alone = await read_seconds(reader, path)
        async with busy(attacker, method, busy_path.format(**evil.ids), **more):
            beside = await read_seconds(reader, path)
    print(f"{service}: alone {alone * 1000:.0f} ms, beside {beside * 1000:.0f} ms")  # noqa: T201
    assert beside - alone < MAX_READ_DELAY_SECONDS
