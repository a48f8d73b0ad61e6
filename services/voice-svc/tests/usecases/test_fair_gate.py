"""Places for streams are dealt fairly, and none is lost."""

import asyncio

import pytest
from voice_svc.domain.speech import SpeechQueueError
from voice_svc.usecases.fair_gate import FairGate


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_are_let_in_than_there_are_places():
    gate = FairGate(2, wait_seconds=120)
    inside = [asyncio.create_task(gate.enter("w")) for _ in range(5)]
    await settled()
    assert [task.done() for task in inside] == [True, True, False, False, False]
    gate.leave()
    await settled()
    assert [task.done() for task in inside] == [True, True, True, False, False]
    for task in inside:
        task.cancel()


async def test_workspaces_take_turns():
    gate = FairGate(1, wait_seconds=120)
    await gate.enter("first")
    order = []

    async def come(workspace_id):
        await gate.enter(workspace_id)
        order.append(workspace_id)
        gate.leave()

    waiting = [asyncio.create_task(come("many")) for _ in range(3)]
    await settled()
    waiting.append(asyncio.create_task(come("few")))
    await settled()
    gate.leave()
    await asyncio.gather(*waiting)
    assert order == ["many", "few", "many", "many"]


async def test_who_waits_too_long_is_told_and_takes_no_place():
    gate = FairGate(1, wait_seconds=0.01)
    await gate.enter("w")
    with pytest.raises(SpeechQueueError):
        await gate.enter("w")
    gate.leave()
    await gate.enter("w")


async def test_who_is_cancelled_gives_the_place_back_also_if_just_let_in():
    gate = FairGate(1, wait_seconds=120)
    await gate.enter("w")
    waiting = asyncio.create_task(gate.enter("w"))
    await settled()
    gate.leave()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(120):
        await gate.enter("w")


async def test_the_provider_says_how_many():
    gate = FairGate(1, wait_seconds=120)
    entering = [asyncio.create_task(gate.enter("w")) for _ in range(3)]
    await settled()
    gate.resize(3)
    await asyncio.gather(*entering)
