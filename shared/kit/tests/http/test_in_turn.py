"""Lists of one workspace wait for each other, and nobody else waits for them."""

import asyncio
from collections import Counter

from service_kit.in_turn import AT_ONCE, MAX_WAITING, Turns, part_by_part


async def test_lists_over_the_number_wait_and_other_requests_and_workspaces_do_not(
    app, client, token
):
    held = [app.state.turns.of("acme") for _ in range(AT_ONCE)]
    for each in held:
        await each.__aenter__()
    waiting = asyncio.create_task(client.get("/api/plain/pages"))
    assert (await client.get("/api/plain/things/1")).status_code == 404
    other = {"Authorization": f"Bearer {token(workspace_id='other')}"}
    assert (await client.get("/api/plain/pages", headers=other)).status_code == 200
    assert not waiting.done()
    await held[0].__aexit__()
    assert (await waiting).status_code == 200


def test_turns_that_nobody_takes_are_forgotten():
    turns = Turns()
    for number in range(1_000):
        turns.of(f"w{number}")
    assert len(turns._of) == 0


async def test_of_a_crowd_of_one_workspace_no_more_wait_than_may_hold_a_connection(app, client):
    held = [app.state.turns.of("acme") for _ in range(AT_ONCE)]
    for each in held:
        await each.__aenter__()
    crowd = [asyncio.create_task(client.get("/api/plain/pages")) for _ in range(MAX_WAITING + 1)]
    (refused,), _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
    assert refused.result().json()["type"] == "urn:dramatis:problem:too-many-at-once"
    assert refused.result().headers["Retry-After"]
    for each in held:
        await each.__aexit__()
    assert Counter([(await each).status_code for each in crowd]) == {200: MAX_WAITING, 503: 1}


async def test_an_answer_in_parts_holds_no_turn_while_its_reader_takes_its_time():
    turn = Turns().of("acme")

    async def parts():
        for number in range(3):
            assert turn.free._value == AT_ONCE - 1
            yield number

    async for _ in part_by_part(parts(), turn):
        assert turn.free._value == AT_ONCE
