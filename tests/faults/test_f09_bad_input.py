"""F9: what cannot be handled is parked once, is shown with its reason, and costs nobody else."""

import asyncio
import json
import sys

import pytest
from drafting import replied
from service_devkit.testing.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]


def changed(sender, **values):
    event = replied(sender).model_dump(mode="json", exclude_unset=True)
    return json.dumps({**event, **values}).encode()


def bad_bodies(workspace_id):
    """Return what is sent on the workspace's subject, and the reason with which it is parked."""
    return [
        (b"{not json", "malformed"),
        (b"\xff\xfe\x00", "malformed"),
        (b"[" * 50_000, "malformed"),
        (b'{"lead_id": 1}', "invalid"),
        (changed(workspace_id, received_at="yesterday"), "invalid"),
        (changed(workspace_id, body_text=None), "invalid"),
        (changed(workspace_id, body_text="a\0b"), "invalid"),
        (changed(workspace_id, body_text="x" * 600 * 1024), "too-large"),
        (changed(workspace_id, workspace_id="somebody-else"), "workspace-mismatch"),
    ]


async def dead_letters(world):
    """Return what `dramatis dead list --json` prints of draft-svc."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dramatis", "dead", "list", "--json"),
        *("--nats", world.stack.nats_url),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    items = json.loads(printed)["items"]
    return [item for item in items if item["consumer"].startswith("draft-svc")]


async def test_bad_replies_are_parked_once_with_the_reason_and_good_ones_are_drafted(world):
    desk = await world.desk()
    bad = bad_bodies(desk.workspace_id)
    subject = f"lead.replied.v1.{desk.workspace_id}"
    good = []
    for number, (body, _) in enumerate(bad):
        await desk.js.publish(subject, body)
        good.append(await world.reply(desk, number))
    for event in good:
        await desk.until(event.message_id, "ready")

    async def all_parked():
        parked = [item for item in await dead_letters(world) if item["subject"] == subject]
        return parked if len(parked) >= len(bad) else None

    parked = await wait_until(all_parked)
    assert sorted(item["reason"] for item in parked) == sorted(reason for _, reason in bad)
    for item in parked:
        event_id = str(item["original_sequence"])
        world.history.add(
            "parked", workspace_id=desk.workspace_id, consumer=item["consumer"], event_id=event_id
        )
        world.history.add("text", where="a parked message's reason", text=json.dumps(item))
    assert len(await desk.drafts()) == len(good)
    assert await world.judge(desk) == []


async def test_a_subject_without_a_valid_workspace_is_parked(world):
    desk = await world.desk()
    subject = "lead.replied.v1.Not~a~workspace"
    await desk.js.publish(subject, changed(desk.workspace_id))

    async def parked():
        return [item for item in await dead_letters(world) if item["subject"] == subject]

    (item,) = await wait_until(parked)
    assert item["reason"] == "bad-subject"
    assert await desk.drafts() == []


async def test_a_reply_without_any_words_of_the_lead_fails_without_a_model_call(world):
    desk = await world.desk()
    quote = "> What do you think?\n> Anna"
    event = await desk.send(body_text=f"On Mon, Nov 16, 2026 at 9:00 AM Anna wrote:\n{quote}")
    draft = await desk.until(event.message_id, "failed")
    assert draft["error"]["type"] == "reply-empty"
    assert world.model.calls == []
