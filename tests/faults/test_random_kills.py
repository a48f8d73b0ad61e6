"""F1 at random: draft-svc is killed again and again while replies come in."""

import asyncio
import random

import pytest
from service_devkit.testing.waiting import HANG_SECONDS, wait_until

pytestmark = [pytest.mark.long, pytest.mark.faults, pytest.mark.processes]

EVENTS = 2_000
KILLS = 60


async def test_replies_survive_random_kills(world):
    chance = random.Random(7)  # noqa: S311 — the same kills in every run
    desk = await world.desk()
    sending = asyncio.create_task(send_slowly(world, desk))
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 3))
        await asyncio.to_thread(world.draft.kill)
        world.history.add("died", message_id=None)
        if chance.random() < 0.5:
            world.end_leases()
        await asyncio.to_thread(world.draft.spawn)
    await sending
    await world.start(world.draft)

    def all_ready():
        count = "select status, count(*) from draft where workspace_id = %s group by status"
        return dict(world.sql("draft", count, desk.workspace_id)) == {"ready": EVENTS}

    await wait_until(all_ready, 5 * HANG_SECONDS)
    assert await world.judge(desk) == []


async def send_slowly(world, desk):
    for number in range(EVENTS):
        await world.reply(desk, number)
        await asyncio.sleep(0.02)
