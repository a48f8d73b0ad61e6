"""F13: two of everything at once: nothing is doubled, and events keep their order."""

import asyncio

import pytest
from service_devkit.testing.api import Api

pytestmark = [pytest.mark.processes, pytest.mark.faults]


@pytest.fixture
async def replicas(world):
    """Return second processes of both services."""
    started = [world.stack.replica("draft"), world.stack.replica("persona")]
    await world.start(*started)
    yield started
    for process in started:
        await world.stop(process)


async def draft_all(world, count):
    desk = await world.desk()
    events = [await world.reply(desk, number) for number in range(count)]
    for event in events:
        await desk.until(event.message_id, "ready")
    return await world.judge(desk)


async def test_two_draft_services_double_nothing_in_a_thousand(world, replicas):
    del replicas
    assert await draft_all(world, 1_000) == []


async def test_edits_through_two_persona_services_are_published_in_order(world, replicas):
    desk = await world.desk()
    first = await world.personas(desk.workspace_id)
    created = (await first.post("/api/personas", json={"name": "Anna", "tone": "0"})).json()
    async with Api(replicas[1], world.stack.data_dir).client(desk.workspace_id) as second:

        async def edit(number):
            client = (first, second)[number % 2]
            path = f"/api/personas/{created['persona_id']}"
            answer = await client.patch(path, json={"tone": str(number)}, headers={"If-Match": "*"})
            assert answer.status_code == 200, answer.text

        await asyncio.gather(*(edit(number) for number in range(1, 41)))
    events = await desk.published("persona.updated.v1", 40)
    revisions = [event["revision"] for event in events]
    assert revisions == sorted(set(revisions))
