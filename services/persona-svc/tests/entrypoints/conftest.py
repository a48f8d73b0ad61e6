"""persona-svc as one process of the run, and the broker beside it.

Campaigns go in, events and state documents are read back.
"""

import asyncio
import contextlib
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import nats as nats_client
import psycopg
import pytest
from nats.js.errors import NotFoundError
from persona_contracts import CampaignRemovedV1, CampaignSyncedV1, state_subject, subject_for
from persona_svc.entrypoints.events import events
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.topology import STATE_STREAM

SIZES = {"tokens", "tokens_total", "tokens_limit"}
CONSUMERS = {item.model: item.durable.name for item in events.subscriptions}
CLIENT_TESTS = Path(__file__).parents[4] / "shared/client/tests"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNPUBLISHED = """
select (select count(*) from outbox where workspace_id = %(id)s and published_at is null)
     + (select count(*) from state_document
        where workspace_id = %(id)s and published_revision < revision)
"""


class Feed:
    """One workspace on the broker: what the CRM sends, and what persona-svc publishes."""

    def __init__(self, workspace_id, connection, database, nats_url):
        self.workspace_id = workspace_id
        self.nats_url = nats_url
        self._js = connection.jetstream()
        self._database = database

    async def synced(self, campaign_id="spring", *, minute=0, **values):
        """Publish `campaign.synced` with an `updated_at` of `minute` minutes after noon."""
        values = {"name": campaign_id, "channel": "email", "status": "active", **values}
        await self._send(CampaignSyncedV1, campaign_id, minute, values)

    async def removed(self, campaign_id="spring", *, minute=0):
        await self._send(CampaignRemovedV1, campaign_id, minute, {})

    async def _send(self, model, campaign_id, minute, values):
        event = model(
            workspace_id=self.workspace_id,
            campaign_id=campaign_id,
            updated_at=NOON + timedelta(minutes=minute),
            **values,
        )
        body = event.model_dump_json(exclude_unset=True).encode()
        stored = await self._js.publish(subject_for(event), body)

        async def is_handled():
            with contextlib.suppress(NotFoundError):  # the service is about to make its consumers
                consumer = await self._js.consumer_info("CRM", CONSUMERS[model])
                return consumer.ack_floor.stream_seq >= stored.seq

        await wait_until(is_handled)

    async def published(self):
        """Wait until the broker has everything that persona-svc has committed."""
        await wait_until(self._is_published)

    def _is_published(self):
        (count,) = self._database.execute(UNPUBLISHED, {"id": self.workspace_id}).fetchone()
        return count == 0

    async def state(self, kind, entity_id):
        """Return the last document of an entity; None if there is none, or a tombstone."""
        subject = state_subject(self.workspace_id, kind, entity_id)
        try:
            document = json.loads((await self._js.get_last_msg(STATE_STREAM, subject)).data)
        except NotFoundError:
            return None
        return None if document.get("deleted") else document

    async def events(self, kind="*.*"):
        """Return all events of `kind`, in the order of the stream."""
        await self.published()
        found, sequence = [], 1
        with contextlib.suppress(NotFoundError):
            while True:
                message = await self._js.get_msg(
                    "PERSONA", sequence, subject=f"{kind}.v1.{self.workspace_id}", next=True
                )
                found.append(json.loads(message.data))
                sequence = message.seq + 1
        return found

    async def assert_state_is_what_is_shown(self, client):
        """Compare every state document with what the API shows to a (synchronous) client."""
        await self.published()
        for (kind, entity_id), document in self._shown(client).items():
            published = await self.state(kind, entity_id)
            if kind == "campaign" and published is not None:
                del published["revision"]
            assert published == document, (kind, entity_id)

    def _shown(self, client):
        shown = {}
        for persona in get(client, "/api/personas?limit=100")["items"]:
            if persona["virtual"]:
                continue
            persona_id = persona["persona_id"]
            resolved = get(client, f"/api/personas/{persona_id}/resolved")
            shown["persona", persona_id] = {k: v for k, v in resolved.items() if k not in SIZES}
        settings = get(client, "/api/workspace/settings")
        shown["workspace", self.workspace_id] = settings if settings["revision"] else None
        for campaign in get(client, "/api/campaigns?limit=100")["items"]:
            document = {name: campaign[name] for name in ("campaign_id", "name", "assignments")}
            is_assigned = bool(campaign["assignments"])
            shown["campaign", campaign["campaign_id"]] = document if is_assigned else None
        return shown


def get(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="session")
def persona_database(run_database):
    return run_database("persona_svc")


@pytest.fixture(scope="session")
def nats(run_nats):
    return run_nats()


@pytest.fixture(scope="session")
def api(persona_database, nats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("persona")
    env = service_env(folder, database_url=persona_database.login_url, nats_url=nats.url)
    with running("persona_svc", folder, env) as started:
        yield started


@pytest.fixture
async def admin(api, workspace_id):
    async with api.client(workspace_id) as client:
        yield client


@pytest.fixture
async def viewer(api, workspace_id):
    async with api.client(workspace_id, "viewer") as client:
        yield client


@pytest.fixture
def create(admin):
    async def created(name="Anna", **fields):
        answer = await admin.post("/api/personas", json={"name": name, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    return created


@pytest.fixture(scope="module")
def open_feed(persona_database, nats_url):
    """Return a context manager that gives the feed of a workspace."""

    @contextlib.asynccontextmanager
    async def opened(workspace_id):
        connection = await nats_client.connect(nats_url)
        try:
            with psycopg.connect(persona_database.admin_url, autocommit=True) as database:
                yield Feed(workspace_id, connection, database, nats_url)
        finally:
            await connection.close()

    return opened


@pytest.fixture
async def feed(open_feed, workspace_id, api):
    del api  # it makes the streams
    async with open_feed(workspace_id) as opened:
        yield opened


@pytest.fixture
def as_released(nats_url):
    """Return a function that asks persona-client as it was released."""

    wheels = [str(wheel) for wheel in (CLIENT_TESTS / "vendor").glob("*.whl")]

    async def answers(questions):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            CLIENT_TESTS / "as_released.py",
            nats_url,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(wheels)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await process.communicate(json.dumps(questions).encode())
        return json.loads(answer)

    return answers


@pytest.fixture(scope="module")
def sync_client(api):
    """Return a function that opens an admin's synchronous client of a workspace."""

    def opened(workspace_id):
        headers = {"Authorization": f"Bearer {api.token(workspace_id)}"}
        return httpx.Client(base_url=api.url, headers=headers, timeout=HANG_SECONDS)

    return opened
