"""Lists of one workspace wait for each other, and nobody else waits for them."""

import asyncio

from service_kit.in_turn import AT_ONCE, Turns


async def test_lists_over_the_number_wait_and_other_requests_and_workspaces_do_not(
    app, client, token
):
    held = [app.state.turns.of("acme") for _ in range(AT_ONCE)]
    for each in held:
        await each.acquire()
    waiting = asyncio.create_task(client.get("/api/plain/pages"))
    assert (await client.get("/api/plain/things/1")).status_code == 404
    other = {"Authorization": f"Bearer {token(workspace_id='other')}"}
    assert (await client.get("/api/plain/pages", headers=other)).status_code == 200
    assert not waiting.done()
    held[0].release()
    assert (await waiting).status_code == 200


def test_turns_that_nobody_takes_are_forgotten():
    turns = Turns()
    for number in range(1_000):
        turns.of(f"w{number}")
    assert len(turns._of) == 0
