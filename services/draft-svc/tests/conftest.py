"""draft-svc as a process, with personas on the broker as persona-svc would publish them."""

from itertools import count

import pytest
from drafting import Desk
from service_devkit.testing.api import running, service_env

_workspaces = count(1)


@pytest.fixture(scope="session")
def service_package():
    return "draft_svc"


@pytest.fixture(scope="module")
def draft_database(database):
    return database("draft_svc")


@pytest.fixture(scope="module")
def api(draft_database, nats_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("draft")
    env = service_env(folder, database_url=draft_database.login_url, nats_url=nats_url)
    with running("draft_svc", folder, env) as started:
        yield started


@pytest.fixture
async def desk(api, connection):
    """Return a workspace that no other test uses, to send replies to and read drafts of."""
    workspace_id = f"w{next(_workspaces)}"
    async with api.client(workspace_id) as client:
        yield Desk(workspace_id, connection, client)
