"""followup-svc: its package, and a database of each test module."""

import pytest


@pytest.fixture(scope="session")
def service_package():
    return "followup_svc"


@pytest.fixture(scope="module")
def followup_database(database):
    return database("followup_svc")
