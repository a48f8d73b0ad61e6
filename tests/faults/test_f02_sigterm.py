"""F2: SIGTERM under load: what runs is finished or handed back, and the process ends in time."""

from time import monotonic

import pytest
from service_devkit.testing.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]


async def test_a_stop_under_load_repeats_no_model_call_and_takes_less_than_10_seconds(world):
    desk = await world.desk()
    world.model.seconds = 0.2
    events = [await world.reply(desk, number) for number in range(30)]
    await wait_until(lambda: len(world.model.calls) >= 6)
    asked_at = monotonic()
    await world.stop(world.draft)
    assert monotonic() - asked_at < 10
    assert "service.stopped" in world.draft.log()
    await world.start(world.draft)
    for event in events:
        await desk.until(event.message_id, "ready")
    assert await world.judge(desk) == []
