"""F1: `kill -9` at each step: one draft, at most one repeated model call, nothing lost."""

import pytest
from persona_client import Roster
from service_devkit.testing.waiting import wait_until

pytestmark = pytest.mark.processes

DEATHS = [
    ["consumer-before-commit"],
    ["consumer-before-ack"],
    ["consumer-before-ack", "before-claim"],  # before any claim, with a reply that waits
    ["after-claim"],
    ["after-plan"],
    ["after-model-answer"],
    ["before-commit"],
    ["after-commit"],
    ["relay-before-publish"],
    ["relay-after-publish"],
    ["after-claim", "after-model-answer", "before-commit", "relay-before-publish"],
]


@pytest.mark.parametrize("deaths", DEATHS, ids="+".join)
async def test_draft_svc_killed_at_any_step_writes_one_draft(world, monkeypatch, deaths):
    desk = await world.desk()
    await world.stop(world.draft)
    event = await world.reply(desk, 1)
    for step in deaths:
        monkeypatch.setenv("DRAMATIS_DIE_AT", step)
        world.draft.spawn()
        await world.until_dead(world.draft)
        world.history.add("died", message_id=event.message_id)
        world.end_leases()
    monkeypatch.delenv("DRAMATIS_DIE_AT")
    await world.start(world.draft)
    await desk.until(event.message_id, "ready")
    assert await world.judge(desk) == []
    assert len(await desk.events("created")) == 1


@pytest.mark.parametrize("step", ["state-before-publish", "state-after-publish"])
async def test_persona_svc_killed_between_commit_and_publish_is_still_heard(
    world, monkeypatch, step
):
    desk = await world.desk()
    async with Roster(world.stack.nats_url) as roster:
        await world.stop(world.persona)
        monkeypatch.setenv("DRAMATIS_DIE_AT", step)
        await world.start(world.persona)
        client = await world.personas(desk.workspace_id)
        answer = await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})
        assert answer.status_code == 201
        await world.until_dead(world.persona)
        monkeypatch.delenv("DRAMATIS_DIE_AT")
        world.end_leases()
        await world.start(world.persona)
        # The persona's document comes before the workspace's, which makes it the default.
        await wait_until(lambda: roster.resolve(desk.workspace_id).tone == "calm")
