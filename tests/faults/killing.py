"""One kill, of any service at any step, and what must be true after it."""

import asyncio

from following import LATER
from following_up import Crm
from ingesting import NOTHING, files_said, text
from persona_client import Roster
from service_devkit.testing.waiting import wait_until


async def kill_draft(world, monkeypatch, deaths):
    """Kill draft-svc at each of `deaths`: one draft, at most one repeated call a step."""
    desk = await world.desk()
    await world.stop(world.draft)
    event = await world.reply(desk, 1)
    for step in deaths:
        monkeypatch.setenv("DRAMATIS_DIE_AT", step)
        world.draft.spawn()
        await world.until_dead(world.draft)
        world.history.add("died", message_id=event.message_id)
        world.end_leases()
    monkeypatch.delenv("DRAMATIS_DIE_AT")
    await world.start(world.draft)
    await desk.until(event.message_id, "ready")
    assert await world.judge(desk) == []
    assert len(await desk.events("created")) == 1


async def kill_persona(world, monkeypatch, step):
    """Kill persona-svc between commit and publish: what it stored is heard all the same."""
    desk = await world.desk()
    async with Roster(world.stack.nats_url) as roster:
        await world.stop(world.persona)
        monkeypatch.setenv("DRAMATIS_DIE_AT", step)
        await world.start(world.persona)
        client = await world.personas(desk.workspace_id)
        answer = await client.post("/api/personas", json={"name": "Anna", "tone": "calm"})
        assert answer.status_code == 201
        await world.until_dead(world.persona)
        monkeypatch.delenv("DRAMATIS_DIE_AT")
        world.end_leases()
        await world.start(world.persona)
        # The persona's document comes before the workspace's, which makes it the default.
        await wait_until(lambda: roster.resolve(desk.workspace_id).tone == "calm")


async def kill_ingest(ingest, shelf, step):
    """Kill ingest-svc at `step` of a file: it is ready once, and nothing else is left."""
    await ingest.start()
    anna = await shelf.persona()
    await asyncio.to_thread(ingest.process.stop)
    event = await shelf.announce(anna, content=text(1), file_id="file-1")
    await ingest.start(die_at=step)
    await ingest.until_dead()
    ingest.end_leases()
    await ingest.start()
    file = await shelf.settled(anna, event.file_id)  # redelivered after ack_wait
    assert file["status"] == "ready", file
    await ingest.until_settled()
    assert (await shelf.texts(anna, "paragraph 7"))[0]
    assert set(await files_said(shelf)) == {"file-1"}
    await shelf.client.aclose()
    await asyncio.to_thread(ingest.process.stop)
    assert await ingest.left_over() == NOTHING


async def kill_followup(followups, connection, steps):
    """Kill followup-svc at each of `steps`: each step of a sequence is requested once, in time."""
    async with followups.workspace(connection) as campaigner, Crm(connection) as crm:
        leads = 2 * len(steps)
        await followups.fill(campaigner, leads, first=LATER)
        await followups.stop()
        for step in steps:
            await followups.make_due(2)
            await campaigner.synced(f"campaign-{step}")
            await followups.start(die_at=step)
            await followups.until_dead()
        await followups.start()
        await followups.note_all_up()
        await followups.until_completed(leads)
        assert await followups.violations(crm, leads * 2) == {}
