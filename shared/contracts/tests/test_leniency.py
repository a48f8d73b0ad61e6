"""What senders get wrong in ways that cost nothing to understand."""

import json
from codecs import BOM_UTF8

import pytest
from persona_contracts import EnvelopeError, LeadRepliedV1, decode, decode_batch

SUBJECT = "lead.replied.v1.acme"
REPLY = {
    "workspace_id": "acme",
    "message_id": "m-1",
    "lead_id": "l-1",
    "channel": "email",
    "received_at": "2026-03-01T10:00:00Z",
    "body_text": "Great offer",
}


def body(**changes: object) -> bytes:
    return json.dumps(REPLY | changes).encode()


@pytest.mark.parametrize(
    ("written", "read", "replaced"),
    [
        (r"Great offer \ud83d", "Great offer \ufffd", 1),
        (r"\ude00 Great", "\ufffd Great", 1),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600", 1),
        (r"\uD83D\uDE00", "\U0001f600", 0),
        (r"\\ud83d", r"\ud83d", 0),
        (r"\\\ud83d", "\\\ufffd", 1),
        (r"\ud83d\ude", None, None),
    ],
)
def test_half_a_character_costs_that_character_alone(
    written: str, read: str | None, replaced: int | None
) -> None:
    data = body().replace(b"Great offer", written.encode())
    if read is None:
        with pytest.raises(EnvelopeError):
            decode(LeadRepliedV1, SUBJECT, {}, data)
        return
    received = decode(LeadRepliedV1, SUBJECT, {}, data)
    assert (received.event.body_text, received.replaced_characters) == (read, replaced)


def test_half_a_character_in_bytes_too() -> None:
    data = body().replace(b"Great", b"\xed\xa0\xbd Great")
    received = decode(LeadRepliedV1, SUBJECT, {}, data)
    assert (received.event.body_text, received.replaced_characters) == ("\ufffd Great offer", 1)


def test_a_byte_order_mark_is_no_part_of_json() -> None:
    assert decode(LeadRepliedV1, SUBJECT, {}, BOM_UTF8 + body()).event.message_id == "m-1"


def test_null_for_an_object_or_a_list_is_nothing() -> None:
    event = decode(LeadRepliedV1, SUBJECT, {}, body(lead=None, thread=None)).event
    assert (event.lead.first_name, event.thread) == (None, [])
    event = decode(LeadRepliedV1, SUBJECT, {}, body(lead={"attributes": None})).event
    assert event.lead.attributes == {}


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/json", "application/vnd.crm+json; charset=utf-8"]
)
def test_any_json_is_data_of_a_structured_event(content_type: str) -> None:
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:acme:crm",
        "type": "lead.replied",
        "datacontenttype": content_type,
        "data": REPLY,
    }
    headers = {"content-type": "application/cloudevents+json"}
    received = decode(LeadRepliedV1, SUBJECT, headers, json.dumps(event).encode())
    assert received.event_id == "e-1"


def envelope(number: int, **changes: object) -> dict[str, object]:
    data = REPLY | {"message_id": f"m-{number}"} | changes
    kind = {"specversion": "1.0", "type": "lead.replied", "source": "urn:acme:crm"}
    return kind | {"id": f"e-{number}", "data": data}


def test_a_batch_is_read_in_its_order_each_event_for_itself() -> None:
    events = [envelope(1), envelope(2, body_text="half \ud83d"), envelope(3, lead=None)]
    for text in (json.dumps(events), json.dumps(events, ensure_ascii=False)):
        received = decode_batch(LeadRepliedV1, SUBJECT, text.encode("utf-8", "surrogatepass"))
        assert [item.event_id for item in received] == ["e-1", "e-2", "e-3"]
        assert [item.replaced_characters for item in received] == [0, 1, 0]
        assert received[1].event.body_text == "half \ufffd"
    assert decode_batch(LeadRepliedV1, SUBJECT, BOM_UTF8 + b"[]") == []


@pytest.mark.parametrize(
    ("batch", "reason", "told"),
    [
        ([envelope(1), envelope(2, channel="pigeon")], "invalid", "1.channel: "),
        ([envelope(1), envelope(2, workspace_id="other")], "workspace-mismatch", "1.workspace_id"),
        ([envelope(1) | {"type": "lead.outcome"}], "wrong-type", "0.ce-type: "),
        ([envelope(1), 5], "invalid", "1.body: "),
        ([envelope(1, body_text="x" * 600_000)], "too-large", "0.body: "),
        ([envelope(1)] * 1_001, "invalid", "body: must have at most 1000"),
        ({}, "malformed", "body: must be a JSON array"),
    ],
)
def test_one_wrong_event_refuses_its_batch(batch: object, reason: str, told: str) -> None:
    with pytest.raises(EnvelopeError) as refused:
        decode_batch(LeadRepliedV1, SUBJECT, json.dumps(batch).encode())
    assert refused.value.reason == reason
    assert str(refused.value).startswith(told)
