"""persona-svc as a process, on a database and a broker of each test module."""

import pytest
from service_devkit.testing.api import running, service_env


@pytest.fixture(scope="session")
def service_package():
    return "persona_svc"


@pytest.fixture(scope="module")
def persona_database(database):
    return database("persona_svc")


@pytest.fixture(scope="module")
def api(persona_database, nats_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("persona")
    env = service_env(folder, database_url=persona_database.login_url, nats_url=nats_url)
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
