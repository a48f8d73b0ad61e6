"""F4: the broker's store deleted: streams, consumers, events and documents come back."""

import asyncio

import pytest
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from persona_client import Roster
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]


async def lose_the_store(world):
    await asyncio.to_thread(world.stack.nats.kill)
    world.stack.nats.delete_store()
    await world.start(world.stack.nats)


async def until_consumed(desk):
    """Wait until draft-svc takes replies again: what came before has nobody to keep it."""

    async def consumer_is_there():
        try:
            return await desk.js.consumer_info("CRM", "draft-svc_on_lead_replied")
        except (NotFoundError, NatsError, TimeoutError):
            return None

    await wait_until(consumer_is_there)


async def test_a_lost_store_is_refilled_and_nothing_is_drafted_twice(world):
    desk = await world.desk()
    events = [await world.reply(desk, number) for number in range(5)]
    drafts = [await desk.until(event.message_id, "ready") for event in events]
    await desk.events("created", 5)
    await lose_the_store(world)
    await until_consumed(desk)
    assert len(await desk.events("created", 5)) == 5
    for event in events:
        await desk.send(event)
    later = await world.reply(desk, 9)
    await desk.until(later.message_id, "ready")
    for draft in drafts:
        shown = (await desk.client.get(f"/api/drafts/{draft['draft_id']}")).json()
        assert shown["text"] == draft["text"]
    assert await world.judge(desk) == []


async def test_documents_older_than_the_outbox_come_back_too(world):
    desk = await world.desk()
    client = await world.personas(desk.workspace_id)
    created = (await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})).json()
    async with Roster(world.stack.nats_url) as roster:
        await roster.wait_for(desk.workspace_id, created["revision"], HANG_SECONDS)
        world.sql("persona", "delete from outbox")  # as after more than 14 days
        await lose_the_store(world)
        await until_consumed(desk)

        async def is_refilled():
            try:
                subject = f"persona-state.v1.{desk.workspace_id}.>"
                info = await desk.js.stream_info("PERSONA_STATE", subjects_filter=subject)
            except (NotFoundError, NatsError, TimeoutError):
                return False
            return len(info.state.subjects or {}) == 2  # the persona and the workspace

        await wait_until(is_refilled)
        path = f"/api/personas/{created['persona_id']}"
        edited = await client.patch(path, json={"tone": "warm"}, headers={"If-Match": "*"})
        await roster.wait_for(desk.workspace_id, edited.json()["revision"], HANG_SECONDS)
        assert roster.resolve(desk.workspace_id).tone == "warm"
    async with Roster(world.stack.nats_url) as newcomer:
        assert newcomer.resolve(desk.workspace_id).tone == "warm"
    event = await world.reply(desk, 1)
    draft = await desk.until(event.message_id, "ready")
    assert draft["resolution"]["tier"] == "default"
    assert draft["resolution"]["version"] == 2
