"""F5: Postgres restarted the hard way under load, or away: nothing lost or doubled."""

import asyncio
from time import monotonic

import pytest
from service_devkit.testing.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]


@pytest.mark.parametrize("end", ["stop_immediately", "kill"])
async def test_a_hard_restart_under_load_loses_and_doubles_nothing(world, end):
    desk = await world.desk()
    events = [await world.reply(desk, number) for number in range(30)]
    await wait_until(lambda: len(world.model.calls) >= 6)
    await asyncio.to_thread(getattr(world.stack.postgres, end))
    await world.start(world.stack.postgres)
    for event in events:
        await desk.until(event.message_id, "ready")
    assert await world.judge(desk) == []


async def absence(world, seconds):
    """Take replies in while there is no database, for so long; return what became of them."""
    desk = await world.desk()
    await asyncio.to_thread(world.stack.postgres.stop)
    left_at = monotonic()
    events = [await world.reply(desk, number) for number in range(5)]
    while monotonic() - left_at < seconds:
        assert (await desk.client.get("/livez")).status_code == 200
        answer = await desk.client.get("/api/drafts")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        await asyncio.sleep(0.5)
    await world.start(world.stack.postgres)
    for event in events:
        await desk.until(event.message_id, "ready")
    return await world.judge(desk)


async def test_an_absence_of_20_seconds_heals_without_a_restart(world):
    assert await absence(world, seconds=20) == []
