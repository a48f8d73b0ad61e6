"""persona-svc: its package, and a database of each test module."""

import pytest


@pytest.fixture(scope="session")
def service_package():
    return "persona_svc"


@pytest.fixture(scope="module")
def persona_database(database):
    return database("persona_svc")
