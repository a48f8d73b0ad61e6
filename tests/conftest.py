"""The services as processes, on one broker and with one set of keys."""

from contextlib import ExitStack

import pytest
from service_devkit.testing.api import running, service_env

SERVICES = ("persona_svc", "draft_svc", "followup_svc", "ingest_svc")


@pytest.fixture(scope="module")
def databases(database):
    return {service: database(service) for service in SERVICES}


@pytest.fixture(scope="module")
def apis(databases, nats_url, tmp_path_factory):
    """Return all services; they trust the same keys."""
    folder = tmp_path_factory.mktemp("tenancy")

    def env(service):
        url = databases[service].login_url
        return service_env(folder, database_url=url, nats_url=nats_url)

    with ExitStack() as stack:
        yield {
            service: stack.enter_context(running(service, folder, env(service)))
            for service in SERVICES
        }
