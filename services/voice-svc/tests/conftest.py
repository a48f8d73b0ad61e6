"""voice-svc: its package, and a database of each test module."""

import pytest


@pytest.fixture(scope="session")
def service_package():
    return "voice_svc"


@pytest.fixture(scope="module")
def voice_database(database):
    return database("voice_svc")
