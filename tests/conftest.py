"""Both services as processes, on one broker and with one set of keys."""

import pytest
from service_kit.testing.api import running, service_env

SERVICES = ("persona_svc", "draft_svc")


@pytest.fixture(scope="module")
def databases(database):
    return {service: database(service) for service in SERVICES}


@pytest.fixture(scope="module")
def apis(databases, nats_url, tmp_path_factory):
    """Return both services; they trust the same keys."""
    folder = tmp_path_factory.mktemp("tenancy")

    def env(service):
        url = databases[service].login_url
        return service_env(folder, database_url=url, nats_url=nats_url)

    with (
        running("persona_svc", folder, env("persona_svc")) as personas,
        running("draft_svc", folder, env("draft_svc")) as drafts,
    ):
        yield {"persona_svc": personas, "draft_svc": drafts}
