"""The services as processes of the run, on one broker and with one set of keys."""

from contextlib import ExitStack

import pytest
from every_service import SERVICES
from service_devkit.testing.api import running, service_env


@pytest.fixture(scope="session")
def databases(run_database):
    return {service: run_database(service) for service in SERVICES}


@pytest.fixture(scope="session")
def apis_nats_url(run_nats):
    """Return the address of the broker of `apis`."""
    return run_nats().url


@pytest.fixture(scope="session")
def apis(databases, apis_nats_url, tmp_path_factory):
    """Return all services; they trust the same keys."""
    folder = tmp_path_factory.mktemp("tenancy")

    def env(service):
        url = databases[service].login_url
        return service_env(
            folder,
            database_url=url,
            nats_url=apis_nats_url,
            more={"DRAMATIS_CHAT_WRITER": "offline"},
        )

    with ExitStack() as stack:
        yield {
            service: stack.enter_context(running(service, folder, env(service)))
            for service in SERVICES
        }
