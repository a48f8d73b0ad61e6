"""ingest-svc: its package."""

import pytest


@pytest.fixture(scope="session")
def service_package():
    return "ingest_svc"
