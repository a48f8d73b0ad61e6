"""Many who set the default at once: one default, and everybody sees the same one."""

import asyncio

import pytest

CALLS = 50
MIRRORED = {
    "ai_persona_name": "persona_name",
    "ai_tone": "tone",
    "ai_greeting": "greeting",
    "ai_sms_greeting": "sms_greeting",
    "ai_signature": "signature",
    "ai_goals": "goals",
    "service_description": "service_description",
}


@pytest.fixture
async def raced(admin, create):
    """Set the default CALLS times at once over five personas; return the answers."""
    ids = [
        (await create(f"Persona {n}", tone=f"tone {n}", signature=f"Sig {n}"))["persona_id"]
        for n in range(5)
    ]
    calls = [admin.post(f"/api/personas/{ids[n % 5]}/default") for n in range(CALLS)]
    return await asyncio.gather(*calls)


async def test_of_many_set_default_calls_one_wins_and_all_are_answered(raced, admin):
    assert [answer.status_code for answer in raced] == [200] * CALLS
    personas = (await admin.get("/api/personas")).json()["items"]
    (default,) = [persona for persona in personas if persona["is_default"]]
    settings = (await admin.get("/api/workspace/settings")).json()
    assert settings["default_persona_id"] == default["persona_id"]
    assert {name: settings[name] for name in MIRRORED} == {
        legacy: default[name] for legacy, name in MIRRORED.items()
    }


async def test_the_events_of_a_race_are_in_order_of_revision_and_the_last_one_holds(
    raced, admin, feed
):
    del raced
    events = await feed.events()
    revisions = [event["revision"] for event in events]
    assert revisions == sorted(revisions)
    settings = (await admin.get("/api/workspace/settings")).json()
    last = [event for event in events if "settings" in event][-1]
    assert last["revision"] == settings["revision"]
    assert last["settings"]["default_persona_id"] == settings["default_persona_id"]


async def test_the_state_after_a_race_is_what_the_api_shows(raced, feed, sync_client, workspace_id):
    del raced
    with sync_client(workspace_id) as client:
        await feed.assert_state_is_what_is_shown(client)


async def test_many_ensure_default_calls_make_one_persona(admin, feed):
    answers = await asyncio.gather(
        *(admin.post("/api/personas/ensure-default") for _ in range(CALLS))
    )
    assert [answer.status_code for answer in answers] == [200] * CALLS
    assert sum(answer.json()["created"] for answer in answers) == 1
    assert len({answer.json()["persona"]["persona_id"] for answer in answers}) == 1
    (persona,) = (await admin.get("/api/personas")).json()["items"]
    assert persona["is_default"]
    assert len(await feed.events("persona.created")) == 1
