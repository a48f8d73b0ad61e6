"""voice-svc as one process of the run, with personas on the broker as persona-svc publishes them.

A module that starts voice-svc itself takes `own_nats` and its own `database`.
"""

import psycopg
import pytest
from calling import SEARCH_SECONDS, WEBHOOK_SECRET, Library, Phone
from service_devkit.testing.api import running, service_env


@pytest.fixture(scope="session")
def talk_database(run_database):
    return run_database("voice_svc")


@pytest.fixture(scope="session")
def talk_nats(run_nats):
    return run_nats()


@pytest.fixture(scope="session")
def talk_api(talk_database, talk_nats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    env = service_env(
        folder,
        database_url=talk_database.login_url,
        nats_url=talk_nats.url,
        more={
            "DRAMATIS_VOICE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "DRAMATIS_VOICE_WEBHOOK_WINDOW_SECONDS": "300",
            "DRAMATIS_VOICE_ANSWER_TIMEOUT_SECONDS": str(SEARCH_SECONDS),
        },
    )
    with running("voice_svc", folder, env) as started:
        yield started


@pytest.fixture
def rows(talk_database):
    with psycopg.connect(talk_database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def library(connection):
    async with Library(connection).open() as opened:
        yield opened


@pytest.fixture
async def phone(talk_api, connection, workspace_id, rows, library):
    """Return a workspace that no other test uses, whose personas' agents can be asked."""
    async with talk_api.client(workspace_id) as client:
        yield Phone(workspace_id, connection, client, rows, library)
