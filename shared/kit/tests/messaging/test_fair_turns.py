"""Turns are dealt to workspaces in rotation."""

import asyncio

import pytest
from service_kit.fair_turns import FairTurns


async def holding(turns, workspace, order, release):
    async with turns.of(workspace):
        order.append(workspace)
        await release.wait()


async def let_run():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_workspace_that_asks_once_comes_before_the_rest_of_one_that_asks_often():
    turns, order = FairTurns(1), []
    release = asyncio.Event()
    first = asyncio.create_task(holding(turns, "evil", order, release))
    await let_run()
    others = [asyncio.create_task(holding(turns, "evil", order, release)) for _ in range(20)]
    await let_run()
    good = asyncio.create_task(holding(turns, "good", order, release))
    await let_run()
    assert order == ["evil"]
    release.set()
    await asyncio.gather(first, good, *others)
    assert order.index("good") <= 2
    assert len(order) == 22


async def test_as_many_turns_are_held_as_there_are():
    turns, order, release = FairTurns(3), [], asyncio.Event()
    tasks = [asyncio.create_task(holding(turns, f"w{n}", order, release)) for n in range(5)]
    await let_run()
    assert len(order) == 3
    release.set()
    await asyncio.gather(*tasks)
    assert len(order) == 5


@pytest.mark.parametrize("waiting", [True, False])
async def test_who_gives_up_takes_no_turn_along(waiting):
    turns, order, release = FairTurns(1), [], asyncio.Event()
    held = asyncio.create_task(holding(turns, "a", order, release))
    await let_run()
    given_up = asyncio.create_task(holding(turns, "b", order, release))
    await let_run()
    if not waiting:
        release.set()
        held.cancel()
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    release.set()
    await asyncio.gather(held, return_exceptions=True)
    async with asyncio.timeout(10), turns.of("c"):
        pass
