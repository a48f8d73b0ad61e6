"""ingest-svc as one process of the run, with personas on the broker as persona-svc does it.

A module that starts ingest-svc itself takes `own_nats` and its own `database`.
"""

import psycopg
import pytest
from service_devkit.testing.api import running, service_env
from shelf import Shelf


@pytest.fixture(scope="session")
def ingest_database(run_database):
    return run_database("ingest_svc")


@pytest.fixture(scope="session")
def nats(run_nats):
    return run_nats()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("ingest")


@pytest.fixture(scope="session")
def api(ingest_database, nats, data_dir):
    env = service_env(data_dir, database_url=ingest_database.login_url, nats_url=nats.url)
    env["DRAMATIS_INGEST_EMBEDDER"] = "none"
    env["DRAMATIS_INGEST_RETRY_DELAYS_SECONDS"] = "[0.1, 0.2, 0.5]"
    with running("ingest_svc", data_dir, env) as started:
        yield started


@pytest.fixture
async def shelf(api, connection, data_dir, workspace_id):
    """Return a workspace that no other test uses, to put files into and to search."""
    async with api.client(workspace_id) as client:
        yield Shelf(workspace_id, connection, client, data_dir)


@pytest.fixture
def sql(ingest_database):
    """Return what a query says to the superuser, to whom row-level security does not apply."""

    def ask(query, *values):
        with psycopg.connect(ingest_database.admin_url, autocommit=True) as admin:
            cursor = admin.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    return ask
