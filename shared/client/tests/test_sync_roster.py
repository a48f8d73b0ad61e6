"""Who speaks, for threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from persona_client import AddressError, SyncRoster, UnknownWorkspaceError
from service_devkit.testing.waiting import HANG_SECONDS

RENAMES = 200


@pytest.fixture
async def ann(broker, make):
    persona = make.persona("Ann")
    await broker.put(
        make.message(persona), make.message(make.workspace(default_persona_id=persona.persona_id))
    )
    return persona


@pytest.mark.processes
async def test_it_answers_as_a_roster_does(broker, ann, tmp_path):
    roster = SyncRoster(broker.url, workspaces=["acme"], snapshot_path=tmp_path / "roster.gz")
    with roster:
        assert roster.resolve("acme").persona_id == ann.persona_id
        assert roster.resolve_session("acme", ann.persona_id).tier == "session"
        assert roster.persona("acme", ann.persona_id) == ann
        assert [found.name for found in roster.personas("acme")] == ["Ann"]
        assert roster.find_persona("acme", uuid4(), timeout_seconds=0.01) is None
        assert roster.revision("acme") == 1
        assert roster.failing == ""
        with pytest.raises(UnknownWorkspaceError):
            roster.resolve("globex")
        with pytest.raises(ValueError, match="no workspace id"):
            roster.resolve("a b")
        with pytest.raises(TimeoutError):
            roster.wait_for("acme", 2, 0.01)
    broker.kill()
    with SyncRoster(
        broker.url,
        workspaces=["acme"],
        snapshot_path=tmp_path / "roster.gz",
        start_timeout_seconds=0.1,
    ) as later:
        assert later.resolve("acme").sender_name == "Ann"
        assert later.resolve("acme").freshness == "STALE"
    assert "roster" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.processes
async def test_no_thread_keeps_an_answer_from_before_a_change(broker, ann, make):
    ended = threading.Event()
    told = threading.Event()

    def on_change(change):
        if change.revision == RENAMES and roster.resolve("acme").sender_name == f"n{RENAMES}":
            told.set()

    def ask_without_end():
        while not ended.is_set():
            roster.resolve("acme")

    with SyncRoster(broker.url, on_change=on_change) as roster, ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask_without_end) for _ in range(4)]
        messages = [
            make.message(ann.model_copy(update={"name": f"n{number}", "revision": number}))
            for number in range(2, RENAMES + 1)
        ]
        await broker.put(*messages)
        roster.wait_for("acme", RENAMES, HANG_SECONDS)
        assert roster.resolve("acme").sender_name == f"n{RENAMES}"
        assert told.wait(HANG_SECONDS)
        ended.set()
        for each in asking:
            each.result(HANG_SECONDS)


def test_what_was_not_started_or_cannot_be_an_address_says_so():
    with pytest.raises(RuntimeError, match="start the SyncRoster"):
        SyncRoster("nats://127.0.0.1:1").resolve("acme")
    with pytest.raises(AddressError):
        SyncRoster("http://127.0.0.1")
