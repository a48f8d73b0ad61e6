"""studio-svc: its package, a database of each test module, and the app in the test's process."""

import pytest
from studio import Studio, Upstream


@pytest.fixture(scope="session")
def service_package():
    return "studio_svc"


@pytest.fixture(scope="module")
def studio_database(database):
    return database("studio_svc")


@pytest.fixture(scope="module")
def nats(run_nats):
    return run_nats()


@pytest.fixture
async def upstream():
    """Return an HTTP server that stands for every service but voice-svc, which is away."""
    async with Upstream() as started:
        yield started


@pytest.fixture
def more_settings():
    """Return the settings of `studio` beside the usual ones."""
    return {}


@pytest.fixture
async def studio(studio_database, upstream, tmp_path, workspace_id, more_settings):
    """Return the app as an HTTP server, and browsers before it."""
    async with Studio(
        studio_database, upstream.url, tmp_path, workspace_id, more_settings
    ) as started:
        yield started
