"""chat-svc: its package, and a database of each test module."""

import pytest


@pytest.fixture(scope="session")
def service_package():
    return "chat_svc"


@pytest.fixture(scope="module")
def chat_database(database):
    return database("chat_svc")
