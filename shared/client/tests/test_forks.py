"""A forked child never answers from its parent's copy."""

import json
import os
import signal
import threading

import pytest
from persona_client import ForkedError, Freshness, Roster, RosterNotReadyError, SyncRoster
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes


def in_child(work):
    """Return what `work` returns in a forked child, as JSON."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(write)
    killer = threading.Timer(HANG_SECONDS, os.kill, (child, signal.SIGKILL))
    killer.start()
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    killer.cancel()
    return json.loads(text)


@pytest.fixture
async def ann(broker, make):
    persona = make.persona("Ann")
    await broker.put(
        make.message(persona), make.message(make.workspace(default_persona_id=persona.persona_id))
    )
    return persona


@pytest.mark.usefixtures("ann")
async def test_a_roster_of_the_parent_raises_in_the_child(broker):
    async with Roster(broker.url) as roster:
        assert roster.resolve("acme").sender_name == "Ann"

        def ask():
            try:
                return roster.resolve("acme").sender_name
            except ForkedError as error:
                return [isinstance(error, RosterNotReadyError), roster.freshness]

        assert in_child(ask) == [True, "NOT_READY"]
        assert roster.resolve("acme").sender_name == "Ann"


async def test_a_sync_roster_reads_anew_in_the_child_and_goes_on_in_the_parent(broker, ann, make):
    with SyncRoster(broker.url) as roster:
        assert roster.resolve("acme").sender_name == "Ann"

        def ask():
            before = roster.freshness
            return [before, roster.resolve("acme").sender_name, roster.freshness]

        assert in_child(ask) == ["NOT_READY", "Ann", "READY"]
        renamed = ann.model_copy(update={"name": "Bea", "revision": 2})
        await broker.put(make.message(renamed))
        roster.wait_for("acme", 2, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == "Bea"
        assert in_child(ask) == ["NOT_READY", "Bea", "READY"]
        assert roster.freshness is Freshness.READY
