"""voice-svc as processes of the run, with personas on the broker as persona-svc publishes them.

`api` and `talk_api` have the stand-in for the vendor; it does not know the agents of `phone`. A
module that starts voice-svc itself takes `own_nats` and its own `database`.
"""

import psycopg
import pytest
from calling import SEARCH_SECONDS, WEBHOOK_SECRET, Library, Phone
from cast import Cast
from service_devkit.testing.api import running, service_env
from service_devkit.vendors.elevenlabs import KEY, FakeElevenLabs

QUICK = {
    "DRAMATIS_VOICE_ELEVENLABS_API_KEY": KEY,
    "DRAMATIS_VOICE_ELEVENLABS_FAKE": "true",
    "DRAMATIS_VOICE_VENDOR_TIMEOUT_SECONDS": "1",
    "DRAMATIS_VOICE_SETTLE_SECONDS": "0.3",
    "DRAMATIS_VOICE_RETRY_DELAYS_SECONDS": "[0.1, 0.1, 0.2, 0.2, 0.5]",
}


@pytest.fixture(scope="session")
def run_voice_database(run_database):
    return run_database("voice_svc")


@pytest.fixture(scope="session")
def nats(run_nats):
    return run_nats()


@pytest.fixture(scope="session")
def run_fake(tmp_path_factory):
    with FakeElevenLabs(tmp_path_factory.mktemp("elevenlabs") / "fake.log") as server:
        yield server


@pytest.fixture
def fake(run_fake):
    run_fake.fail()
    run_fake.behave(forgets=[])
    run_fake.forget_counts()
    yield run_fake
    run_fake.fail()
    run_fake.behave(forgets=[])


@pytest.fixture(scope="session")
def api(run_voice_database, nats, run_fake, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    more = {**QUICK, "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": run_fake.url}
    url = run_voice_database.login_url
    env = service_env(folder, database_url=url, nats_url=nats.url, more=more)
    with running("voice_svc", folder, env) as started:
        yield started


@pytest.fixture
async def cast(api, connection, workspace_id, fake):
    """Return the personas of a workspace that no other test uses."""
    async with api.client(workspace_id) as client:
        yield Cast(workspace_id, connection, client, fake)


@pytest.fixture
def sql(run_voice_database):
    """Return what a query says to the superuser, to whom row-level security does not apply."""

    def ask(query, *values):
        with psycopg.connect(run_voice_database.admin_url, autocommit=True) as admin:
            cursor = admin.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    return ask


@pytest.fixture(scope="session")
def talk_database(run_database):
    return run_database("voice_svc")


@pytest.fixture(scope="session")
def talk_nats(run_nats):
    return run_nats()


@pytest.fixture(scope="session")
def talk_api(talk_database, talk_nats, run_fake, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voice")
    env = service_env(
        folder,
        database_url=talk_database.login_url,
        nats_url=talk_nats.url,
        more={
            **QUICK,
            "DRAMATIS_VOICE_ELEVENLABS_BASE_URL": run_fake.url,
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
