"""What a service could not handle is shown to its workspace's admins, and handled again."""

import httpx
import pytest
from notes import replied
from service_kit.health import Health
from service_kit.http_app import HttpApi, build_app
from service_kit.identity import Principal, Role
from service_kit.notices import Notice
from service_kit.parked import ParkedEvents

LETTERS = "/api/dead-letters"


class NamedCallers:
    """Takes a credential such as `acme-admin` at its word."""

    async def verify(self, credential):
        workspace_id, role = credential.split("-")
        return Principal(workspace_id=workspace_id, subject="ann", role=Role(role))


async def two_notes(_):
    return [Notice(kind="notes-waiting", count=2, message="Two notes.", setting="Read them.")]


@pytest.fixture
def app(probe):
    api = HttpApi("Notes", [], notices=[two_notes])
    app = build_app(
        api, version="1", store=probe.store, credentials=NamedCallers(), health=Health()
    )
    app.state.parked = ParkedEvents(probe.broker)
    return app


@pytest.fixture
async def call(app):
    """Return a function that asks as somebody of a workspace."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://notes.test") as client:

        async def asked(path=LETTERS, method="GET", caller="acme-admin", **params):
            headers = {"Authorization": f"Bearer {caller}"}
            return await client.request(method, path, headers=headers, params=params)

        yield asked


async def parked(probe, *events):
    for event in events:
        await probe.send(event)
    await probe.until_stored("DEAD", len(events))


async def letters(call, **params):
    answer = await call(**params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_mended_cause_lets_a_dead_letter_be_handled_once(probe, call):
    await parked(probe, replied("m1", text="refused"))
    (letter,) = (await letters(call))["items"]
    assert (letter["service"], letter["consumer"]) == ("note-svc", probe.durable.name)
    assert (letter["event_type"], letter["reason"]) == ("lead.replied", "conflict")
    assert (letter["deliveries"], letter["replayable"]) == (1, True)
    replay = f"{LETTERS}/{letter['dead_letter_id']}/replay"

    again = await call(replay, "POST")
    assert again.status_code == 409
    assert again.json()["type"] == "urn:dramatis:problem:dead-letter-refused"
    assert "not as things are" in again.json()["detail"]
    assert (await letters(call))["items"] == [letter]

    probe.handler.is_mended = True
    handled = await call(replay, "POST")
    assert handled.json() == {"dead_letter_id": letter["dead_letter_id"], "outcome": "handled"}
    assert await probe.count("note") == 1
    assert (await letters(call))["items"] == []
    assert (await call(replay, "POST")).status_code == 404
    (entry,) = (await call("/api/audit")).json()["items"]
    assert (entry["actor"], entry["entity_id"]) == ("ann", str(letter["dead_letter_id"]))
    assert entry["entity"] == "dead_letter"


async def test_what_was_handled_in_the_meantime_is_not_handled_twice(probe, call):
    event = replied("m1", text="refused")
    for _ in range(2):
        await probe.send(event)
    await probe.until_stored("DEAD", 2)
    probe.handler.is_mended = True
    outcomes = [
        (await call(f"{LETTERS}/{letter['dead_letter_id']}/replay", "POST")).json()["outcome"]
        for letter in (await letters(call))["items"]
    ]
    assert outcomes == ["handled", "repeated"]
    assert await probe.count("note") == 1


async def test_dead_letters_are_of_one_workspace_in_pages(probe, call):
    mine = [replied(f"m{number}", text="refused") for number in range(3)]
    await parked(probe, mine[0], replied("x", "other", "refused"), *mine[1:])
    found, after = [], {}
    while after is not None:
        page = await letters(call, limit=1, **after)
        found += page["items"]
        after = {"after": page["next"]} if page["next"] else None
    assert len(found) == 3
    assert {letter["subject"] for letter in found} == {"lead.replied.v1.acme"}
    probe.handler.is_mended = True
    (foreign,) = (await letters(call, caller="other-admin"))["items"]
    replay = f"{LETTERS}/{foreign['dead_letter_id']}/replay"
    assert (await call(replay, "POST")).status_code == 404
    assert (await call(caller="acme-editor")).status_code == 403
    assert (await call(replay, "POST", caller="other-editor")).status_code == 403
    assert await probe.count("note") == 0


async def test_an_event_that_was_not_kept_whole_says_so(probe, call):
    await probe.send_raw("lead.replied.v1.acme", b"x" * 1_048_566)
    await probe.until_stored("DEAD", 1)
    (letter,) = (await letters(call))["items"]
    assert not letter["replayable"]
    answer = await call(f"{LETTERS}/{letter['dead_letter_id']}/replay", "POST")
    assert (answer.status_code, "bytes" in answer.json()["detail"]) == (409, True)


async def test_notices_tell_what_waits_and_what_ends_it(probe, call, app):
    assert (await call("/api/notices", caller="acme-viewer")).json()["items"] == [
        {
            "service": "note-svc",
            "kind": "notes-waiting",
            "reason": None,
            "count": 2,
            "since": None,
            "message": "Two notes.",
            "setting": "Read them.",
            "see": None,
        }
    ]
    await parked(probe, replied("m1", text="refused"), replied("m2", "other", "refused"))
    app.state.health.degraded("voice", "not configured")
    _, events, voice = (await call("/api/notices", caller="acme-viewer")).json()["items"]
    (letter,) = (await letters(call))["items"]
    assert (events["kind"], events["count"], events["see"]) == ("events-parked", 1, LETTERS)
    assert events["since"] == letter["parked_at"]
    assert (voice["kind"], voice["reason"]) == ("degraded", "voice")


async def test_without_a_broker_dead_letters_are_away_and_other_notices_are_not(call, app):
    app.state.parked = None
    assert (await call()).status_code == 503
    assert len((await call("/api/notices")).json()["items"]) == 1
