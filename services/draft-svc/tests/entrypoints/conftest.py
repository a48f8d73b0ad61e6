"""draft-svc as one process of the run, with personas on the broker as persona-svc publishes them.

A module that starts draft-svc itself takes `own_nats` and its own `database`.
"""

import pytest
from drafting import Desk
from service_devkit.testing.api import running, service_env


@pytest.fixture(scope="session")
def draft_database(run_database):
    return run_database("draft_svc")


@pytest.fixture(scope="session")
def nats(run_nats):
    return run_nats()


@pytest.fixture(scope="session")
def api(draft_database, nats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("draft")
    env = service_env(folder, database_url=draft_database.login_url, nats_url=nats.url)
    with running("draft_svc", folder, env) as started:
        yield started


@pytest.fixture
async def desk(api, connection, workspace_id):
    """Return a workspace that no other test uses, to send replies to and read drafts of."""
    async with api.client(workspace_id) as client:
        yield Desk(workspace_id, connection, client)
