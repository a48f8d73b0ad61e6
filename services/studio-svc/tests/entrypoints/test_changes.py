"""Browsers hear what changed in their workspace, and read again what they show."""

import asyncio
import json

import pytest
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from studio_svc.adapters.nats_changes import NatsChanges
from studio_svc.domain.change import Change, Changes
from studio_svc.entrypoints import changes_api
from studio_svc.usecases.follow_changes import MAX_WAITING, FollowChanges


@pytest.fixture
async def hearing(studio, connection):
    """Let the app hear what passes the broker."""
    heard = NatsChanges(connection, studio.deps.changes.note, studio.deps.changes.note_gap)
    running = asyncio.create_task(heard.run())
    await wait_until(lambda: connection._subs)
    await connection.flush()
    yield connection
    running.cancel()


class Events:
    """The events of a stream, one after the other."""

    def __init__(self, answer):
        self._lines = answer.aiter_lines()

    async def next(self):
        """Return the name and the data of the next event."""
        found = {}
        async with asyncio.timeout(HANG_SECONDS):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                found[name] = value
                if not line and "event" in found:
                    return found["event"], json.loads(found["data"])
        return None


async def tell(connection, workspace_id, kind, thing, **body):
    headers = {"ce-subject": thing}
    subject = f"{kind}.updated.v1.{workspace_id}"
    await connection.publish(subject, json.dumps(body).encode(), headers=headers)


async def test_a_change_is_told_without_a_word_of_it(studio, hearing):
    browser = await studio.browser("viewer")
    async with browser.stream("GET", "/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-cache"
        events = Events(answer)
        assert await events.next() == ("hello", {})
        await tell(hearing, "another", "persona", "p0", revision=1)
        secret = {"persona": {"tone": "a secret"}}
        await tell(hearing, studio.workspace_id, "persona", "p1", revision=7, **secret)
        await tell(hearing, studio.workspace_id, "persona", "p1", revision=8, **secret)
        await tell(hearing, studio.workspace_id, "draft", "a%2Fb")
        assert await events.next() == (
            "changed",
            {
                "items": [
                    {"kind": "persona", "id": "p1", "revision": 8},
                    {"kind": "draft", "id": "a/b", "revision": None},
                ]
            },
        )


async def test_many_changes_at_once_are_told_as_everything(studio, hearing):
    browser = await studio.browser()
    async with browser.stream("GET", "/events") as answer:
        events = Events(answer)
        await events.next()
        for number in range(51):
            await tell(hearing, studio.workspace_id, "draft", str(number))
        assert await events.next() == ("changed", {"all": True})


async def test_the_stream_ends_with_its_session(studio, monkeypatch):
    monkeypatch.setattr(changes_api, "PING_SECONDS", 0.05)
    browser, other = await studio.browser(), await studio.browser()
    (_, mine) = sorted(
        (await browser.get("/api/sessions")).json()["items"], key=lambda item: item["current"]
    )
    async with browser.stream("GET", "/events") as answer:
        events = Events(answer)
        await events.next()
        await other.delete(f"/api/sessions/{mine['session_id']}")
        assert await events.next() is None


async def test_streams_end_when_the_process_is_asked_to_end(studio):
    browser = await studio.browser()
    async with browser.stream("GET", "/events") as answer:
        events = Events(answer)
        await events.next()
        studio.deps.changes.end()
        assert (await events.next())[1] == {"all": True}
        assert await events.next() is None


async def test_nobody_listens_without_signing_in(studio):
    assert (await studio.stranger().get("/events")).status_code == 401


async def test_a_browser_that_does_not_read_is_let_go():
    changes = FollowChanges()
    with changes.listen("acme") as slow, changes.listen("acme") as quick:
        for number in range(MAX_WAITING + 1):
            changes.note("acme", Change(kind="draft", id=str(number), revision=None))
            changes._tell("acme")
            assert await quick.next(1) is not None
        assert slow.is_over
        assert not quick.is_over


async def test_after_the_broker_was_away_everything_may_have_changed():
    changes = FollowChanges()
    with changes.listen("acme") as listener:
        changes.note_gap()
        assert await listener.next(1) == Changes((), is_all=True)
