"""F3, F4: the broker killed under load, and its store lost: nothing lost, nothing doubled."""

import asyncio

import httpx
import pytest
from faults.conftest import World
from persona_client import Roster
from service_kit.testing.waiting import wait_until

pytestmark = [pytest.mark.timeout(120), pytest.mark.processes]


async def send_all(world: World, desk, count):
    """Send replies, each again until the broker has it."""
    sent = []
    for number in range(count):
        while True:
            try:
                sent.append(await world.reply(desk, number))
                break
            except Exception:  # noqa: BLE001 — the broker is away: the CRM sends again
                await asyncio.sleep(0.2)
    return sent


async def test_a_broker_killed_under_load_loses_and_doubles_nothing(world):
    desk = await world.desk()
    sending = asyncio.create_task(send_all(world, desk, 40))
    await wait_until(lambda: len(world.model.calls) >= 4, 20)
    world.stack.nats.kill()
    world.stack.nats.start()
    for event in await sending:
        await desk.until(event.message_id, "ready", timeout_seconds=60)
    assert await world.judge(desk) == []


async def test_a_lost_store_is_refilled_also_with_documents_older_than_the_outbox(world):
    desk = await world.desk()
    client = await world.personas(desk.workspace_id)
    created = (await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})).json()
    event = await world.reply(desk, 1)
    before = await desk.until(event.message_id, "ready")
    for database in ("persona", "draft"):
        world.sql(database, "delete from outbox")  # as after more than 14 days

    async with Roster(world.stack.nats_url) as roster:
        world.stack.nats.kill()
        world.stack.nats.delete_store()
        world.stack.nats.start()

        async def refilled():
            try:
                info = await desk.js.stream_info("PERSONA_STATE")
            except Exception:  # noqa: BLE001 — not there yet
                return False
            return info.state.messages >= 2

        await wait_until(refilled, 30)
        edited = await client.patch(
            f"/api/personas/{created['persona_id']}",
            json={"tone": "warm"},
            headers={"If-Match": "*"},
        )
        await roster.wait_for(desk.workspace_id, edited.json()["revision"], timeout_seconds=30)
        assert roster.resolve(desk.workspace_id).tone == "warm"

    shown = (await desk.client.get(f"/api/drafts/{before['draft_id']}")).json()
    assert shown["text"] == before["text"]
    again = await send_all(world, desk, 3)
    drafts = [await desk.until(e.message_id, "ready", timeout_seconds=40) for e in again[1:]]
    assert {draft["resolution"]["tier"] for draft in drafts} == {"default"}


async def test_persona_svc_stopped_drafts_go_on_and_say_their_age(world):
    desk = await world.desk()
    client = await world.personas(desk.workspace_id)
    await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})
    first = await world.reply(desk, 1)
    await desk.until(first.message_id, "ready")
    world.persona.stop()
    second = await world.reply(desk, 2)
    draft = await desk.until(second.message_id, "ready")
    assert draft["resolution"]["tier"] == "default"
    assert draft["resolution"]["age_seconds"] >= 0
    assert draft["resolution"]["freshness"] == "READY"
    with pytest.raises(httpx.ConnectError):
        await client.get("/api/personas")
