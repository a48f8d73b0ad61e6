"""Nobody who writes and then asks sees the world from before: create, then use, without a pause."""

import asyncio

import nats
import psycopg
import pytest
from persona_contracts import CampaignSyncedV1, subject_for
from service_devkit.testing.waiting import wait_until
from service_kit.clock import utc_now
from service_kit.personas import AT_LEAST_HEADER, REVISION_HEADER

ROUNDS = [20, pytest.param(200, marks=pytest.mark.faults)]
LANES = 4
NOW = utc_now()

pytestmark = pytest.mark.long


def campaign(number):
    return f"campaign-{number:03}"


@pytest.fixture(params=ROUNDS)
def rounds_to_play(request):
    return request.param


@pytest.fixture
def workspace_id(rounds_to_play):
    return f"create-then-use-{rounds_to_play}"


@pytest.fixture
async def clients(apis, workspace_id):
    opened = {service: api.client(workspace_id) for service, api in apis.items()}
    yield opened
    for client in opened.values():
        await client.aclose()


@pytest.fixture
async def campaigns(apis_nats_url, clients, workspace_id, rounds_to_play):
    """Have the CRM tell of one campaign for each round."""
    connection = await nats.connect(apis_nats_url)
    for number in range(rounds_to_play):
        event = CampaignSyncedV1(
            workspace_id=workspace_id,
            campaign_id=campaign(number),
            name=campaign(number),
            channel="email",
            status="active",
            updated_at=NOW,
        )
        body = event.model_dump_json(exclude_unset=True).encode()
        await connection.jetstream().publish(subject_for(event), body)
    await connection.close()

    async def all_synced():
        page = (await clients["persona_svc"].get("/api/campaigns?limit=200")).json()
        return len(page["items"]) == rounds_to_play

    await wait_until(all_synced)


class Round:
    """A persona that is used as soon as it was created."""

    def __init__(self, number, workspace_id, clients):
        self.number = number
        self.workspace_id = workspace_id
        self.answers = []
        self._clients = clients
        self._known = {}

    async def call(self, service, method, path, **request):
        answer = await self._clients[service].request(method, path, headers=self._known, **request)
        self.answers.append(answer)
        if revision := answer.headers.get(REVISION_HEADER):
            self._known = {AT_LEAST_HEADER: revision}
        return answer

    async def play(self):
        """Create, upload, search, assign, draft; return the id of the persona."""
        new = {"name": f"Persona {self.number}"}
        created = await self.call("persona_svc", "POST", "/api/personas", json=new)
        persona_id = created.json()["persona_id"]
        knowledge = f"/api/personas/{persona_id}"
        files = {"files": ("prices.txt", b"A seat costs 90 euros a month.")}
        await self.call("ingest_svc", "POST", f"{knowledge}/files", files=files)
        query = {"query": "What does a seat cost?"}
        await self.call("ingest_svc", "POST", f"{knowledge}/knowledge/search", json=query)
        await self.call(
            "persona_svc",
            "PUT",
            f"/api/campaigns/{campaign(self.number)}/persona",
            json={"persona_id": persona_id},
        )
        await self.call(
            "draft_svc",
            "POST",
            "/api/replies",
            json={
                "workspace_id": self.workspace_id,
                "message_id": f"m-{self.number}",
                "lead_id": f"lead-{self.number}",
                "campaign_id": campaign(self.number),
                "channel": "sms",
                "received_at": NOW.isoformat(),
                "body_text": "How much is a seat?",
            },
        )
        return persona_id


@pytest.mark.usefixtures("campaigns")
async def test_what_was_just_created_is_known_everywhere(clients, workspace_id, rounds_to_play):
    rounds = [Round(number, workspace_id, clients) for number in range(rounds_to_play)]

    async def lane(first):
        return {item.number: await item.play() for item in rounds[first::LANES]}

    played = await asyncio.gather(*(lane(first) for first in range(LANES)))
    personas = {number: persona_id for part in played for number, persona_id in part.items()}
    refused = [answer for item in rounds for answer in item.answers if not answer.is_success]
    assert [(answer.status_code, answer.text) for answer in refused] == []

    async def drafts():
        page = (await clients["draft_svc"].get("/api/drafts?limit=200")).json()
        written = [draft for draft in page["items"] if draft["status"] == "ready"]
        return written if len(written) == rounds_to_play else None

    assert {
        int(draft["message_id"].removeprefix("m-")): draft["resolution"]["persona_id"]
        for draft in await wait_until(drafts)
    } == personas


async def test_a_revision_that_does_not_come_is_a_problem(clients):
    for service in ("draft_svc", "followup_svc", "ingest_svc"):
        path = {"followup_svc": "/api/sequences", "draft_svc": "/api/drafts"}.get(
            service, "/api/personas/0194f1a0-0000-7000-8000-000000000000/files"
        )
        answer = await clients[service].get(path, headers={AT_LEAST_HEADER: "999999"})
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:dramatis:problem:personas-behind"


HELD = (  # transactions of requests that have begun and asked nothing yet
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and state = 'idle in transaction' and now() - state_change > interval '0.5 seconds'"
    " and query like '%set_config%'"
)
UNKNOWN = "0194f1a0-0000-7000-8000-00000000000"


def waits_for_nothing(service, client, number):
    """Ask for a revision or a persona that does not come."""
    match service:
        case "draft_svc":
            return client.get("/api/drafts", headers={AT_LEAST_HEADER: "999999"})
        case "followup_svc":
            body = {"template": "Hi", "ai_persona_id": f"{UNKNOWN}{number}"}
            return client.post("/api/templates/lint", json=body)
        case "ingest_svc":
            return client.get(f"/api/personas/{UNKNOWN}{number}/files")


@pytest.mark.parametrize(
    ("service", "status"), [("draft_svc", 503), ("followup_svc", 200), ("ingest_svc", 404)]
)
async def test_who_waits_for_personas_holds_no_connection(clients, databases, service, status):
    client = clients[service]
    waiting = [
        asyncio.create_task(waits_for_nothing(service, client, number)) for number in range(10)
    ]
    samples = []
    with psycopg.connect(databases[service].admin_url, autocommit=True) as admin:
        while not all(task.done() for task in waiting):
            samples.append(admin.execute(HELD).fetchone()[0])
            await asyncio.sleep(0.05)
    assert {task.result().status_code for task in waiting} == {status}
    assert len(samples) > 10
    assert set(samples) == {0}


async def test_a_template_is_checked_for_the_persona_that_was_created_just_before(clients):
    """The default persona has no goals: who does not know the new one warns."""
    personas, followups = clients["persona_svc"], clients["followup_svc"]
    assert (await personas.post("/api/personas", json={"name": "Aimless"})).status_code == 201
    for number in range(20):
        new = {"name": f"Aims {number}", "goals": "A call."}
        persona = (await personas.post("/api/personas", json=new)).json()
        body = {"template": "{goals}", "ai_persona_id": persona["persona_id"]}
        linted = await followups.post("/api/templates/lint", json=body)
        assert linted.json()["warnings"] == [], number
