"""Replies over HTTP: four forms, clear refusals, one draft."""

import gzip
import json
import re
import zlib
from pathlib import Path
from uuid import uuid4

import pytest
from drafting import replied
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.clock import utc_now

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CASES = Path(__file__).resolve().parents[4] / "tests" / "cases"
JSON_CASES = [
    case for case in json.loads((CASES / "cases.json").read_text()) if case["kind"] == "post"
]


def body_of(event):
    return json.loads(event.model_dump_json(exclude_unset=True))


async def test_plain_json_is_accepted_and_drafted(desk):
    event = replied(desk.workspace_id)
    answer = await desk.client.post("/api/replies", json=body_of(event))
    assert answer.status_code == 202
    ids = {"event_id": event.message_id, "message_id": event.message_id}
    assert answer.json() == {**ids, "duplicate": False}
    await desk.until(event.message_id, "ready")
    (draft,) = (await desk.client.get(answer.headers["location"])).json()["items"]
    assert draft["message_id"] == event.message_id


@pytest.mark.parametrize("is_drafted", [False, True])
async def test_a_repeat_is_told_and_another_reply_under_its_id_is_refused(desk, is_drafted):
    event = replied(desk.workspace_id)
    await desk.client.post("/api/replies", json=body_of(event))
    if is_drafted:
        await desk.until(event.message_id, "ready")
    repeated = await desk.client.post("/api/replies", json=body_of(event))
    assert (repeated.status_code, repeated.json()["duplicate"]) == (202, True)
    other = {**body_of(event), "body_text": "Something else."}
    refused = await desk.client.post("/api/replies", json=other)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith(":message-id-reused")
    await desk.until(event.message_id, "ready")
    (draft,) = await desk.drafts()
    assert draft["message_id"] == event.message_id


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


@pytest.mark.parametrize("case", JSON_CASES, ids=lambda case: case["id"])
async def test_what_other_programs_send_is_taken(desk, case):
    """Take in the file of a case as it is, and draft an answer to it."""
    message_id = f"m-{uuid4()}"
    text = (CASES / "files" / case["file"]).read_text()
    for mark, value in {
        '"demo"': f'"{desk.workspace_id}"',
        "@ID": message_id,
        "@NOW": utc_now().isoformat(),
    }.items():
        text = text.replace(mark, value)
    answer = await desk.client.post(
        "/api/replies",
        content=text.encode(),
        headers={"content-type": case.get("content_type", "application/json")},
    )
    assert answer.status_code == case["expect"]["code"], answer.text
    await desk.until(message_id, "ready")


@pytest.mark.parametrize(
    ("written", "lost"), [(r"\ud83d", 1), (r"\ude00\ud83d", 2), (r"\ud83d\ude00", 0)]
)
async def test_halves_of_characters_are_counted(desk, written, lost):
    before = await replaced_characters(desk)
    event = replied(desk.workspace_id, body_text="Hello @")
    body = json.dumps(body_of(event)).replace("@", written)
    headers = {"content-type": "application/json"}
    assert (await desk.client.post("/api/replies", content=body, headers=headers)).is_success
    batch = json.dumps([envelope(event)]).replace("@", written)
    assert (await send_batch(desk, batch)).is_success
    assert await replaced_characters(desk) == before + 2 * lost


async def replaced_characters(desk):
    metrics = (await desk.client.get("/metrics")).text
    sample = re.search(
        r'^dramatis_replaced_characters_total{source="http"} (.+)$', metrics, re.MULTILINE
    )
    return float(sample[1]) if sample else 0


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/json"])
async def test_a_packed_reply_is_taken(desk, coding, pack, content_type):
    event = replied(desk.workspace_id)
    answer = await desk.client.post(
        "/api/replies/",
        content=pack(json.dumps(body_of(event)).encode()),
        headers={"content-encoding": coding, "content-type": content_type},
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["message_id"] == event.message_id


def envelope(event, event_id=None):
    return {
        "specversion": "1.0",
        "id": event_id or f"e-{uuid4()}",
        "source": "urn:crm",
        "type": "lead.replied",
        "data": body_of(event),
    }


async def send_batch(desk, content, content_type=BATCH):
    return await desk.client.post(
        "/api/replies", content=content, headers={"content-type": content_type}
    )


async def test_a_batch_is_answered_one_by_one_and_drafted(desk):
    events = [replied(desk.workspace_id) for _ in range(3)]
    batch = json.dumps([envelope(event, f"event-{event.message_id}") for event in events])
    for content_type, is_repeat in ((BATCH, False), (f"{BATCH}; charset=UTF-8", True)):
        answer = await send_batch(desk, batch, content_type)
        assert answer.status_code == 202, answer.text
        assert answer.json() == {
            "items": [
                {
                    "event_id": f"event-{event.message_id}",
                    "message_id": event.message_id,
                    "duplicate": is_repeat,
                }
                for event in events
            ]
        }
    for event in events:
        await desk.until(event.message_id, "ready")
    assert len(await desk.drafts()) == 3


async def test_a_batch_may_be_empty_or_large(desk):
    assert (await send_batch(desk, "[]")).json() == {"items": []}
    many = [envelope(replied(desk.workspace_id, kind="auto_reply")) for _ in range(1_000)]
    answer = await desk.client.post(
        "/api/replies",
        content=gzip.compress(json.dumps(many).encode()),
        headers={"content-type": BATCH, "content-encoding": "gzip"},
        timeout=HANG_SECONDS,
    )
    assert (answer.status_code, len(answer.json()["items"])) == (202, 1_000)


async def test_one_wrong_event_refuses_the_batch_and_is_named(desk):
    right, wrong = envelope(replied(desk.workspace_id)), envelope(replied(desk.workspace_id))
    wrong["data"]["channel"] = "pigeon"
    other = envelope(replied("somebody-else"))
    for batch, field in (
        ([right, wrong], "1.channel"),
        ([right, right, other], "2.workspace_id"),
        ([{**right, "type": "lead.outcome"}], "0.ce-type"),
        ([right, "text"], "1.body"),
        ([right] * 1_001, "body"),
    ):
        answer = await send_batch(desk, json.dumps(batch))
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await desk.drafts() == []


@pytest.mark.parametrize(
    "batch",
    ["{}", "null", "[{", "[" * 100_000, "[1" + "0" * 5_000 + "]", b"[\xff]"],
    ids=["object", "null", "cut", "deep", "long-number", "not-utf8"],
)
async def test_what_is_no_batch_is_400(desk, batch):
    answer = await send_batch(desk, batch)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:dramatis:problem:reply-malformed"


async def test_a_reply_that_is_too_large_for_a_batch_is_413(desk):
    event = replied(desk.workspace_id, body_text="x" * 600 * 1024)
    answer = await send_batch(desk, json.dumps([envelope(event)]))
    assert answer.status_code == 413
    event = replied(desk.workspace_id, body_text="ж" * 200_000)
    assert (await send_batch(desk, json.dumps([envelope(event)], ensure_ascii=False))).is_success
