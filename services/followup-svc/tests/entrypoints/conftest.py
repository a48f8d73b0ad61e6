"""followup-svc as one process of the run, with personas on the broker as persona-svc does it."""

import pytest
from following import Campaigner
from service_devkit.testing.api import running, service_env


@pytest.fixture(scope="session")
def followup_database(run_database):
    return run_database("followup_svc")


@pytest.fixture(scope="session")
def nats(run_nats):
    return run_nats()


@pytest.fixture(scope="session")
def api(followup_database, nats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("followup")
    env = service_env(
        folder,
        database_url=followup_database.login_url,
        nats_url=nats.url,
        more={
            "DRAMATIS_FOLLOWUP_DUE_CHECK_SECONDS": "0.05",
            "DRAMATIS_FOLLOWUP_RETRY_DELAYS_SECONDS": "[0.1, 0.1]",
        },
    )
    with running("followup_svc", folder, env) as started:
        yield started


@pytest.fixture
async def campaigner(api, connection, workspace_id):
    """Return a workspace that no other test uses, whose window is always open."""
    async with api.client(workspace_id) as client:
        one = Campaigner(workspace_id, connection, client)
        await one.settings(send_window=None)
        yield one
