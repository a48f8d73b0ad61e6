"""draft-svc: its package, and a database of each test module."""

import pytest


@pytest.fixture(scope="session")
def service_package():
    return "draft_svc"


@pytest.fixture(scope="module")
def draft_database(database):
    return database("draft_svc")
