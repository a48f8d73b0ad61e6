"""chat-svc as one process of a module; personas come over the broker, as persona-svc has them."""

import pytest
from chatting import Room
from service_devkit.testing.api import running, service_env


@pytest.fixture(scope="module")
def nats(run_nats):
    return run_nats()


@pytest.fixture(scope="module")
def api(chat_database, nats, tmp_path_factory):
    folder = tmp_path_factory.mktemp("chat")
    more = {"DRAMATIS_CHAT_WRITER": "offline"}
    env = service_env(folder, database_url=chat_database.login_url, nats_url=nats.url, more=more)
    with running("chat_svc", folder, env) as started:
        yield started


@pytest.fixture
async def room(api, connection, workspace_id):
    """Return a workspace that no other test uses, with people who talk to its personas."""
    async with Room(api, connection, workspace_id) as opened:
        yield opened
