"""F1 for ingest-svc: `kill -9` at each step; every file ends ready, nothing is left over."""

import asyncio
import random

import pytest
from ingesting import NOTHING, Ingest, check_all, files_said, text
from killing import kill_ingest
from service_devkit.testing.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

STEPS = [
    "consumer-before-commit",
    "consumer-before-ack",
    "after-claim",
    "ingest-after-fetch",
    "ingest-after-extract",
    "ingest-after-batch",
    "ingest-after-index",
    "before-commit",
    "after-commit",
    "relay-before-publish",
    "relay-after-publish",
]
FORGETTING = ["purge-after-points", "forget-after-vectors", "forget-after-original"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_file_whose_process_is_killed_at_any_step_is_ready_once(ingest, shelf, step):
    await kill_ingest(ingest, shelf, step)


@pytest.mark.parametrize("step", FORGETTING)
async def test_a_file_is_forgotten_whole_though_its_process_is_killed(ingest, shelf, step):
    await ingest.start()
    anna = await shelf.persona()
    file = await shelf.add(anna, "a.txt", text(1))
    await asyncio.to_thread(ingest.process.stop)
    await shelf.retract(file["file_id"])
    await ingest.start(die_at=step)
    await ingest.until_dead()
    ingest.end_leases()
    await ingest.start()
    await ingest.until_settled()
    assert await files_said(shelf, "removed") == [file["file_id"]]
    await shelf.client.aclose()
    await asyncio.to_thread(ingest.process.stop)
    assert await ingest.left_over() == NOTHING
    assert ingest.sql("select count(*) from content") == [(0,)]


async def kill_through(ingest, shelf, anna, files, steps, chance):
    """Announce `files` while the process is killed at each of `steps`; return the events."""
    events = [
        await shelf.announce(anna, content=text(n, 12), file_id=f"file-{n}") for n in range(files)
    ]
    for step in steps:
        await ingest.start(die_at=f"{step}:{chance.randint(1, 3)}")
        try:
            await ingest.until_dead(3)
        except TimeoutError:
            ingest.process.kill()
        ingest.end_leases()
    await ingest.start()
    return events


@pytest.mark.long
async def test_two_hundred_files_survive_every_step_twice(ingest, shelf):
    await ingest.start()
    anna = await shelf.persona()
    await asyncio.to_thread(ingest.process.stop)
    chance = random.Random(11)  # noqa: S311 — which step is killed when
    events = await kill_through(ingest, shelf, anna, 200, STEPS * 2, chance)
    await check_all(ingest, shelf, anna, events)


async def test_a_second_process_on_the_same_passages_says_which_setting_it_needs(ingest):
    await ingest.start()
    await wait_until((ingest.folder / "passages" / "words").is_dir)
    second = Ingest(ingest.database, ingest.folder, ingest._env)
    second.process.spawn()
    await second.until_dead()
    assert second.process._child.returncode == 2
    assert "DRAMATIS_INGEST_QDRANT_URL" in second.process.log()
