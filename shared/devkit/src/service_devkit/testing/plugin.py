"""The pytest plugin of the kit: real servers, started when a test first asks for one.

Tests that use a server get the marker `processes`. Each worker of pytest-xdist has its own servers.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest
import pytest_asyncio
from nats.aio.client import Client
from service_kit.store import Session
from service_kit.topology import apply_streams

from service_devkit.embedded import NatsProcess, PostgresProcess, free_port
from service_devkit.testing.database import Database, Databases, NewDatabase, OldDatabase
from service_devkit.testing.folders import folder, quick_folder
from service_devkit.testing.http_stub import HttpStub
from service_devkit.testing.rollback import rolled_back

_SERVERS = {"postgres", "fresh_postgres", "own_nats", "run_nats", "fresh_nats"}
_workspaces = count(1)

NewNats = Callable[[], NatsProcess]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "processes: needs Postgres or NATS as a process")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a server, before `-m` chooses."""
    for item in items:
        if isinstance(item, pytest.Function) and not _SERVERS.isdisjoint(item.fixturenames):
            item.add_marker("processes")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresProcess]:
    """Return the Postgres of this test run; do not stop it: `fresh_postgres` is for that."""
    with (
        quick_folder(tmp_path_factory, "postgres") as path,
        PostgresProcess(path, port=free_port(), durable=False) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def _databases(postgres: PostgresProcess) -> Databases:
    return Databases(postgres)


@pytest.fixture(scope="module")
def database(_databases: Databases) -> Iterator[NewDatabase]:
    """Return a function: each call makes a fresh, migrated database, dropped after the module."""
    made: list[Database] = []

    def new(package: str) -> Database:
        made.append(_databases.new(package))
        return made[-1]

    yield new
    for each in made:
        _databases.drop(each)


@pytest.fixture(scope="session")
def run_database(_databases: Databases) -> NewDatabase:
    """Return a function: each call makes a fresh, migrated database, kept until the run ends."""
    return _databases.new


@pytest.fixture(scope="session")
def service_package() -> str:
    """Return the package of the service under test, such as `draft_svc`: its conftest names it."""
    raise NotImplementedError("This folder's conftest.py has no fixture `service_package`.")


@pytest.fixture
def workspace_id() -> str:
    """Return a workspace that no other test of this process uses."""
    return f"w{next(_workspaces)}"


@pytest_asyncio.fixture
async def session(
    _databases: Databases, service_package: str, workspace_id: str
) -> AsyncIterator[Session]:
    """Return the transaction of an API request in `workspace_id`, undone after the test."""
    database = _databases.shared(service_package)
    service = service_package.replace("_", "-")
    async with rolled_back(database, service, workspace_id) as opened:
        yield opened


@pytest_asyncio.fixture
async def worker_session(_databases: Databases, service_package: str) -> AsyncIterator[Session]:
    """Return a worker's transaction, which sees every workspace, undone after the test."""
    database = _databases.shared(service_package)
    service = service_package.replace("_", "-")
    async with rolled_back(database, service, None) as opened:
        yield opened


@pytest.fixture
def old_database(_databases: Databases) -> Iterator[OldDatabase]:
    """Return a function: each call makes a database as a migration left it, dropped at the end."""
    made: list[Database] = []

    def old(package: str, revision: str) -> Database:
        made.append(_databases.old(package, revision))
        return made[-1]

    yield old
    for each in made:
        _databases.drop(each)


@pytest.fixture
def fresh_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresProcess]:
    """Return a durable Postgres of this test alone, with TCP, to be killed and restarted."""
    with (
        quick_folder(tmp_path_factory, "postgres") as path,
        PostgresProcess(path, port=free_port()) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def run_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewNats]:
    """Return a function: each call starts a NATS server, stopped when the run ends."""
    with ExitStack() as opened:

        def new() -> NatsProcess:
            path = opened.enter_context(folder(tmp_path_factory, "nats"))
            return opened.enter_context(NatsProcess(path))

        yield new


@pytest.fixture(scope="module")
def own_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsProcess]:
    """Return the NATS server of this test module alone."""
    with folder(tmp_path_factory, "nats") as path, NatsProcess(path) as server:
        yield server


@pytest.fixture(scope="module")
def nats(own_nats: NatsProcess) -> NatsProcess:
    """Return the module's own NATS server, or the one that a folder's conftest shares."""
    return own_nats


@pytest.fixture(scope="module")
def nats_url(nats: NatsProcess) -> str:
    """Return the address of `nats`."""
    return nats.url


@pytest.fixture
def fresh_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsProcess]:
    """Return a NATS server of this test alone, to be killed and restarted."""
    with folder(tmp_path_factory, "nats") as path, NatsProcess(path) as server:
        yield server


@pytest_asyncio.fixture
async def connection(nats_url: str) -> AsyncIterator[Client]:
    """Return a connection to `nats`, which has our streams."""
    opened = Client()
    await opened.connect(nats_url)
    await apply_streams(opened.jetstream())  # pyright: ignore[reportUnknownMemberType]
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def http_stub() -> AsyncIterator[HttpStub]:
    """Return a scripted HTTP server."""
    async with HttpStub() as stub:
        yield stub
