"""Without a vendor's key the service runs, and says that it has no voice."""

from uuid import uuid4

import pytest
from service_devkit.testing.api import running, service_env

pytestmark = pytest.mark.processes


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


async def test_the_agent_of_a_persona_that_is_not_there_is_not_found(api):
    async with api.client("acme", "viewer") as client:
        answer = await client.get(f"/api/personas/{uuid4()}/agent/status")
    assert answer.status_code == 404
