"""F8: the same reply again and again, and all of history once more: nothing happens twice."""

import asyncio

import pytest
from nats.js.errors import NotFoundError
from service_devkit.testing.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]


async def test_one_reply_delivered_fifty_times_and_replayed_is_one_draft_and_one_call_a_step(world):
    desk = await world.desk()
    event = await world.reply(desk, 1)
    headers = [{"ce-id": f"{desk.workspace_id}-{number % 2}"} for number in range(50)]
    await asyncio.gather(*(desk.send(event, headers=each) for each in headers))
    await desk.until(event.message_id, "ready")
    await replay(desk)
    assert [step for message_id, step in world.model.calls if message_id == event.message_id] == [
        "plan",
        "write",
    ]
    assert len(await desk.drafts()) == 1
    assert len(await desk.events("created")) == 1
    assert await world.judge(desk) == []


async def replay(desk):
    """Let draft-svc read the whole stream again, as a new consumer does."""
    await desk.js.delete_consumer("CRM", "draft-svc_on_lead_replied")
    last = (await desk.js.stream_info("CRM")).state.last_seq

    async def has_read_all():
        try:
            info = await desk.js.consumer_info("CRM", "draft-svc_on_lead_replied")
        except NotFoundError:
            return False
        return info.ack_floor.stream_seq >= last

    await wait_until(has_read_all)
