"""F3: the broker killed under load, or away: nothing lost, nothing doubled, reads go on."""

import asyncio

import httpx
import pytest
from nats.errors import Error as NatsError
from service_devkit.testing.waiting import wait_until
from service_kit.personas import REVISION_HEADER

pytestmark = [pytest.mark.processes, pytest.mark.faults]


async def send_all(world, desk, count):
    """Send replies as the CRM does, each again until the broker has it."""
    sent = []
    for number in range(count):
        while len(sent) == number:
            try:
                sent.append(await world.reply(desk, number))
            except (NatsError, TimeoutError):
                await asyncio.sleep(0.1)
    return sent


async def test_a_broker_killed_under_load_loses_and_doubles_nothing(world):
    desk = await world.desk()
    sending = asyncio.create_task(send_all(world, desk, 60))
    await wait_until(lambda: len(world.model.calls) >= 4)
    await asyncio.to_thread(world.stack.nats.kill)
    await world.start(world.stack.nats)
    for event in await sending:
        await desk.until(event.message_id, "ready")
    assert await world.judge(desk) == []


async def test_what_is_committed_without_a_broker_goes_out_when_it_is_back(world):
    desk = await world.desk()
    client = await world.personas(desk.workspace_id)
    created = (await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})).json()
    await asyncio.to_thread(world.stack.nats.stop)
    path = f"/api/personas/{created['persona_id']}"
    edited = await client.patch(path, json={"tone": "warm"}, headers={"If-Match": "*"})
    assert edited.status_code == 200
    assert (await client.get(path)).json()["tone"] == "warm"
    await world.start(world.stack.nats)
    event = await world.reply(desk, 1, at_least_revision=int(edited.headers[REVISION_HEADER]))
    draft = await desk.until(event.message_id, "ready")
    assert draft["resolution"]["version"] == 2
    assert await world.judge(desk) == []


async def test_persona_svc_stopped_drafts_go_on_and_say_their_age(world):
    desk = await world.desk()
    client = await world.personas(desk.workspace_id)
    await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})
    first = await world.reply(desk, 1)
    await desk.until(first.message_id, "ready")
    await world.stop(world.persona)
    second = await world.reply(desk, 2)
    draft = await desk.until(second.message_id, "ready")
    assert draft["resolution"]["tier"] == "default"
    assert draft["resolution"]["age_seconds"] >= 0
    assert draft["resolution"]["freshness"] == "READY"
    with pytest.raises(httpx.ConnectError):
        await client.get("/api/personas")
