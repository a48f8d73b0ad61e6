"""F1: `kill -9` at each step: one draft, at most one repeated model call, nothing lost."""

import pytest
from persona_client import Roster

pytestmark = pytest.mark.timeout(90)

DRAFT_STEPS = [
    "consumer-before-commit",
    "consumer-before-ack",
    "before-claim",
    "after-claim",
    "after-plan",
    "after-model-answer",
    "before-commit",
    "after-commit",
    "relay-before-publish",
    "relay-after-publish",
]


@pytest.mark.processes
@pytest.mark.parametrize("step", DRAFT_STEPS)
async def test_draft_svc_killed_at_any_step_writes_one_draft(world, monkeypatch, step):
    desk = await world.desk()
    world.draft.stop()
    monkeypatch.setenv("DRAMATIS_DIE_AT", step)
    world.draft.start()
    event = await world.reply(desk, 1)
    await world.until_dead(world.draft)
    world.history.add("died", message_id=event.message_id)
    monkeypatch.delenv("DRAMATIS_DIE_AT")
    world.end_leases()
    world.draft.start()
    await desk.until(event.message_id, "ready", timeout_seconds=45)
    assert await world.judge(desk) == []
    assert len(await desk.events("created")) == 1


@pytest.mark.processes
@pytest.mark.parametrize("step", ["state-before-publish", "state-after-publish"])
async def test_persona_svc_killed_between_commit_and_publish_is_still_heard(
    world, monkeypatch, step
):
    async with Roster(world.stack.nats_url) as roster:
        world.persona.stop()
        monkeypatch.setenv("DRAMATIS_DIE_AT", step)
        world.persona.start()
        client = await world.personas("killed")
        answer = await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})
        assert answer.status_code == 201
        await world.until_dead(world.persona)
        monkeypatch.delenv("DRAMATIS_DIE_AT")
        world.persona.start()
        await roster.wait_for("killed", answer.json()["revision"], timeout_seconds=20)
        assert roster.resolve("killed").tone == "calm"
