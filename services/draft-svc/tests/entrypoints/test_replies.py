"""Replies over HTTP: three forms, clear refusals, one draft."""

import json

import pytest
from drafting import replied

STRUCTURED = "application/cloudevents+json"


def body_of(event):
    return json.loads(event.model_dump_json(exclude_unset=True))


async def test_plain_json_is_accepted_and_drafted(desk):
    event = replied(desk.workspace_id)
    answer = await desk.client.post("/api/replies", json=body_of(event))
    assert answer.status_code == 202
    assert answer.json() == {"event_id": event.message_id, "message_id": event.message_id}
    await desk.until(event.message_id, "ready")


async def test_a_structured_cloudevent_is_accepted(desk):
    event = replied(desk.workspace_id)
    envelope = {
        "specversion": "1.0",
        "id": "event-1",
        "source": "urn:crm",
        "type": "lead.replied",
        "data": body_of(event),
    }
    answer = await desk.client.post(
        "/api/replies", content=json.dumps(envelope), headers={"content-type": STRUCTURED}
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["event_id"] == "event-1"
    await desk.until(event.message_id, "ready")


async def test_a_binary_cloudevent_is_accepted(desk):
    event = replied(desk.workspace_id)
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "event-2",
        "ce-source": "urn:crm",
        "ce-type": "lead.replied",
    }
    answer = await desk.client.post("/api/replies", json=body_of(event), headers=headers)
    assert answer.json()["event_id"] == "event-2"
    await desk.until(event.message_id, "ready")


async def test_the_same_reply_by_http_and_by_nats_makes_one_draft(desk):
    event = replied(desk.workspace_id)
    for _ in range(3):
        await desk.client.post("/api/replies", json=body_of(event))
    await desk.send(event)
    await desk.until(event.message_id, "ready")
    assert len(await desk.drafts()) == 1


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"workspace_id": "somebody-else"}, 422, "workspace_id"),
        ({"lead_id": None}, 422, "lead_id"),
        ({"channel": "pigeon"}, 422, "channel"),
        ({"received_at": "yesterday"}, 422, "received_at"),
        ({"lead_id": "a\0b"}, 422, None),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(desk, change, status, field):
    answer = await desk.client.post(
        "/api/replies", json={**body_of(replied(desk.workspace_id)), **change}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if field:
        assert field in [error["field"] for error in answer.json()["errors"]]
    assert await desk.drafts() == []


async def test_what_is_no_json_or_too_large_is_refused(desk):
    headers = {"content-type": "application/json"}
    bad = await desk.client.post("/api/replies", content=b"{no", headers=headers)
    assert bad.status_code == 400
    event = replied(desk.workspace_id, body_text="x" * 600 * 1024)
    assert (await desk.client.post("/api/replies", json=body_of(event))).status_code == 413


async def test_taking_in_replies_needs_an_editor(desk, api):
    async with api.client(desk.workspace_id, "viewer") as viewer:
        answer = await viewer.post("/api/replies", json=body_of(replied(desk.workspace_id)))
    assert answer.status_code == 403
