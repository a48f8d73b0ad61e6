"""Without a vendor's key the service runs, and says that it has no voice."""

from uuid import uuid4

import psutil
import psycopg
import pytest
from cast import Cast
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import wait_until
from speakers import a_speaker, path

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def nats(own_nats):
    return own_nats


@pytest.fixture(scope="module")
def api(voice_database, nats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    env = service_env(folder, database_url=voice_database.login_url, nats_url=nats.url)
    with running("voice_svc", folder, env) as started:
        yield started


async def test_readiness_says_that_voice_is_not_configured(api):
    async with api.client("acme", "viewer") as client:
        ready = (await client.get("/readyz")).json()
    assert ready["status"] == "ready"
    assert "voice" in ready["degraded"]
    assert ready["reasons"]["voice"] == "not configured"
    assert ready["stand_ins"] == []


async def test_at_rest_it_takes_at_most_150_mb(api):
    """The vendor's SDK, 90 MB, is loaded on first use."""
    async with api.client("acme", "viewer") as client:
        assert (await client.get("/readyz")).status_code == 200
    assert psutil.Process(api.process.pid).memory_info().rss < 150 * 1024 * 1024


async def test_a_text_cannot_be_heard_and_is_answered_with_the_text(api, connection, workspace_id):
    nova = await a_speaker(connection, workspace_id)
    async with api.client(workspace_id, "viewer") as client:
        answer = await client.post(path(nova), json={"text": "Good morning"})
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "urn:dramatis:problem:voice-not-configured"
    assert answer.json()["text"] == "Good morning"
    assert "x-fake" not in answer.headers


async def test_the_agent_of_a_persona_that_is_not_there_is_not_found(api):
    async with api.client("acme", "viewer") as client:
        answer = await client.get(f"/api/personas/{uuid4()}/agent/status")
    assert answer.status_code == 404


async def test_a_persona_whose_agent_was_never_made_is_erased(
    api, connection, workspace_id, voice_database
):
    async with api.client(workspace_id) as client:
        cast = Cast(workspace_id, connection, client, None)
        nova = await cast.create()

        async def is_not_configured():
            answer = await client.get(f"/api/personas/{nova.persona_id}/agent/status")
            return answer.json().get("status") == "not_configured" and answer.json().get("error")

        await wait_until(is_not_configured)
        await cast.erase(nova)
    with psycopg.connect(voice_database.admin_url, autocommit=True) as rows:
        done = "select count(*) from erasure where workspace_id = %s and erased_at is not null"
        await wait_until(lambda: rows.execute(done, [workspace_id]).fetchone() == (1,))
        left = "select count(*) from agent where workspace_id = %s"
        assert rows.execute(left, [workspace_id]).fetchone() == (0,)
