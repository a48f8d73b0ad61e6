"""F1, F3, F5, F13 for followup-svc: killed at any step or at random, nothing lost or doubled."""

import asyncio
import random

import nats as nats_client
import pytest
from following import LATER
from following_up import Crm, Followups
from killing import kill_followup
from service_devkit.testing.database import Databases
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.topology import apply_streams

pytestmark = [pytest.mark.processes, pytest.mark.faults]

STEPS = [
    "before-claim",
    "after-claim",
    "before-commit",
    "after-commit",
    "relay-before-publish",
    "relay-after-publish",
    "consumer-before-commit",
    "consumer-before-ack",
]


@pytest.fixture
async def connection(fresh_nats):
    opened = await nats_client.connect(
        fresh_nats.url, max_reconnect_attempts=-1, reconnect_time_wait=0.2
    )
    await apply_streams(opened.jetstream())
    yield opened
    await opened.close()


@pytest.fixture
async def run(fresh_postgres, fresh_nats, tmp_path):
    """Return a function that starts so many replicas."""
    started = []

    async def start(replicas=1):
        own = Databases(fresh_postgres).new("followup_svc")
        followups = Followups(own, tmp_path, fresh_nats.url, replicas)
        started.append(followups)
        await followups.start()
        return followups

    yield start
    for followups in started:
        await followups.stop()


async def test_each_step_is_requested_once_wherever_the_process_dies(run, connection):
    await kill_followup(await run(), connection, STEPS)


async def survive(run, connection, servers, leads, kills):
    """Kill replicas at random, and the servers in between; return the broken promises."""
    chance = random.Random(4)  # noqa: S311 — the same kills in every run
    followups = await run(replicas=3)
    async with followups.workspace(connection) as campaigner, Crm(connection) as crm:
        await followups.fill(campaigner, leads, first=LATER)
        for number in range(kills):
            await followups.make_due(-(-leads // kills))
            await asyncio.sleep(chance.uniform(0.1, 1.9))
            victim = chance.choice(followups.processes)
            await asyncio.to_thread(victim.kill)
            if number % (kills // 2) == kills // 4:
                server = servers[2 * number // kills]
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
            await asyncio.to_thread(victim.spawn)
        for process in followups.processes:
            await asyncio.to_thread(process.start)
        await followups.note_all_up()
        await followups.until_completed(leads, 5 * HANG_SECONDS)
        return await followups.violations(crm, leads * 2)


@pytest.mark.long
async def test_ten_thousand_due_steps_survive_two_hundred_kills(
    run, connection, fresh_nats, fresh_postgres
):
    servers = (fresh_nats, fresh_postgres)
    assert await survive(run, connection, servers, leads=5_000, kills=200) == {}
