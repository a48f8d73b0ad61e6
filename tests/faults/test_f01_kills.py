"""F1: `kill -9` at each step: one draft, at most one repeated model call, nothing lost."""

import pytest
from killing import kill_draft, kill_persona

pytestmark = [pytest.mark.processes, pytest.mark.faults]

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
    await kill_draft(world, monkeypatch, deaths)


@pytest.mark.parametrize("step", ["state-before-publish", "state-after-publish"])
async def test_persona_svc_killed_between_commit_and_publish_is_still_heard(
    world, monkeypatch, step
):
    await kill_persona(world, monkeypatch, step)
