"""F5: Postgres restarted the hard way under load: nothing lost or doubled, no restart of ours."""

import pytest
from service_kit.testing.waiting import wait_until

pytestmark = [pytest.mark.timeout(120), pytest.mark.processes]


async def test_a_hard_restart_under_load_loses_and_doubles_nothing(world):
    desk = await world.desk()
    events = [await world.reply(desk, number) for number in range(30)]
    await wait_until(lambda: len(world.model.calls) >= 6, 20)
    world.stack.postgres.kill()
    world.stack.postgres.start()
    for event in events:
        await desk.until(event.message_id, "ready", timeout_seconds=80)
    world.history.add("died", message_id=None)  # a claim whose lease was lost may repeat a call
    assert await world.judge(desk) == []


async def test_an_absence_of_seconds_heals_without_a_restart(world):
    desk = await world.desk()
    world.stack.postgres.stop()
    events = [await world.reply(desk, number) for number in range(5)]
    world.stack.postgres.start()
    for event in events:
        await desk.until(event.message_id, "ready", timeout_seconds=60)
    assert await world.judge(desk) == []
