"""F1 for chat-svc: killed and hung at random, each turn is answered once, whole and in order."""

import asyncio
import random
from typing import NamedTuple

import pytest
from conversing import ChatModel, Chats, Talks
from faults.chat_checker import chat_violations
from service_devkit.testing.http_stub import HttpStub

pytestmark = [pytest.mark.processes, pytest.mark.long]


class Size(NamedTuple):
    replicas: int
    conversations: int
    turns: int
    kills: int
    hangs: int


@pytest.fixture
async def model():
    async with HttpStub() as stub:
        yield ChatModel(stub)


@pytest.fixture
async def new_chats(database, nats_url, tmp_path, model):
    """Return a function that starts replicas of chat-svc; all are stopped at the end."""
    made = []

    async def make(replicas):
        made.append(Chats(database("chat_svc"), tmp_path, nats_url, model.url, replicas))
        await made[-1].start()
        return made[-1]

    yield make
    for chats in made:
        await chats.stop()


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(2, 20, 4, kills=2, hangs=1), id="small", marks=pytest.mark.slow),
        pytest.param(Size(6, 500, 20, kills=40, hangs=10), id="large", marks=pytest.mark.faults),
    ],
)
@pytest.mark.timeout(3_600)
async def test_conversations_go_on_in_order_and_once_through_kills_and_hangs(
    new_chats, model, connection, workspace_id, size
):
    chance = random.Random(7)  # noqa: S311 — the same choices in every run
    chats = await new_chats(size.replicas)
    talks = Talks(chats, connection, workspace_id, chance)
    await talks.cast()
    talking = asyncio.create_task(talks.run(size.conversations, size.turns, at_once=40))
    faults = [chats.kill_one] * size.kills + [chats.hang_one] * size.hangs
    chance.shuffle(faults)
    for fault in faults:
        await asyncio.sleep(chance.uniform(0.2, 1))
        if talking.done():
            break
        await fault(chance)
    await talking
    await talks.until_all_ended()
    history = await talks.history(model.calls)
    assert len(history.sent) == size.conversations
    assert chat_violations(history) == []
    # Else nothing was interrupted, and nothing shown.
    assert any(message.run > 1 for message in history.stored)
