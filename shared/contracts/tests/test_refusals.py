"""Whatever the bytes, `decode` answers with an event or an EnvelopeError that quotes nothing."""

import json
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persona_contracts import EVENTS, EnvelopeError, Event, LeadRepliedV1, Received, decode
from persona_contracts.catalogue import event_name

GOLDEN = {
    event: json.loads((Path(__file__).parent / "golden" / f"{event_name(event)}.json").read_text())
    for event in EVENTS
}
REPLY: dict[str, Any] = GOLDEN[LeadRepliedV1]["body"]
SUBJECT: str = GOLDEN[LeadRepliedV1]["subject"]
STRUCTURED = {"content-type": "application/cloudevents+json"}
CANARY = "q7Zk-canary"

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\0", "0001-01-01T00:00:00+23:59", "1700000000", "9" * 5000, "\ud800"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
HEADERS = st.dictionaries(
    st.sampled_from(["ce-id", "CE-Source", "ce-type", "content-type", "traceparent"]) | st.text(),
    st.sampled_from([*STRUCTURED.values(), "lead.replied", "%FF", '"']) | st.text(st.characters()),
)


def attempt(
    model: type[Event], subject: str, headers: dict[str, str], body: bytes
) -> Received[Event] | EnvelopeError:
    try:
        return decode(model, subject, headers, body)
    except EnvelopeError as error:
        return error


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [place for key in value for place in places(value[key], (*path, key))]
    if isinstance(value, list):
        found += [place for i, item in enumerate(value) for place in places(item, (*path, i))]
    return found


def replaced(value: Any, path: tuple[str | int, ...], new: object) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()), headers=HEADERS)
def test_any_bytes_and_headers(body: bytes, headers: dict[str, str]) -> None:
    attempt(LeadRepliedV1, SUBJECT, headers, body)
    attempt(LeadRepliedV1, SUBJECT, STRUCTURED | headers, body)


@given(subject=st.text() | st.text().map(lambda end: f"lead.replied.v1.{end}"))
def test_any_subject(subject: str) -> None:
    attempt(LeadRepliedV1, subject, {}, json.dumps(REPLY).encode())


@given(event=st.sampled_from(EVENTS), data=st.data())
def test_any_value_at_any_place_of_any_event(event: type[Event], data: st.DataObject) -> None:
    golden = GOLDEN[event]
    place = data.draw(st.sampled_from(places(golden["body"])))
    body = replaced(golden["body"], place, data.draw(JSON))
    attempt(event, golden["subject"], golden["headers"], json.dumps(body).encode())
    whole = {"id": "1", "source": "urn:x", "data": body}
    attempt(event, golden["subject"], STRUCTURED, json.dumps(whole).encode())


@given(key=st.sampled_from(["id", "source", "type", "datacontenttype", "data_base64"]), value=JSON)
def test_any_value_of_any_structured_attribute(key: str, value: object) -> None:
    whole = {"data": REPLY} | {key: value}
    attempt(LeadRepliedV1, SUBJECT, STRUCTURED, json.dumps(whole).encode())


@pytest.mark.parametrize("event", EVENTS, ids=event_name)
@pytest.mark.parametrize("wrong", [CANARY, [CANARY], {CANARY: CANARY}, {"email": CANARY}])
def test_an_error_never_quotes_the_message(event: type[Event], wrong: object) -> None:
    golden = GOLDEN[event]
    for place in places(golden["body"]):
        body = json.dumps(replaced(golden["body"], place, wrong)).encode()
        message = attempt(event, golden["subject"], golden["headers"], body)
        assert (
            not isinstance(message, EnvelopeError)
            or CANARY not in f"{message!r} {message.__cause__!r}"
        )
    for name in ("ce-id", "ce-type", "ce-source"):
        message = attempt(event, golden["subject"], {name: CANARY + "\n%FF"}, b"{}")
        assert CANARY not in repr(message)
    assert CANARY not in repr(attempt(event, f"{CANARY}.x", {}, b"{}"))
    assert CANARY not in repr(attempt(event, golden["subject"], {}, CANARY.encode()))


@pytest.mark.parametrize(
    ("place", "wrong", "message"),
    [
        (("channel",), "fax", "channel: Input should be 'email', 'sms' or 'linkedin'"),
        (("thread", 0, "author"), "me", "thread.0.author: Input should be 'lead' or 'us'"),
        (("lead", "first_name"), 1, "lead.first_name: Input should be a valid string"),
        (("received_at",), 1700000000, "received_at: must be a time as in RFC 3339"),
        (("received_at",), "2026-03-02T09:14:27", "received_at: must be a time as in RFC 3339"),
        (("workspace_id",), "a.b", "workspace_id: String should match pattern"),
        (("message_id",), "", "message_id: String should have at least 1 character"),
        (("body_text",), None, "body: one of body_text, body_html, raw_email is required"),
    ],
)
def test_an_error_names_the_field_and_the_rule(
    place: tuple[str | int, ...], wrong: object, message: str
) -> None:
    error = attempt(LeadRepliedV1, SUBJECT, {}, json.dumps(replaced(REPLY, place, wrong)).encode())
    assert isinstance(error, EnvelopeError)
    assert error.reason == "invalid"
    assert message in str(error)


@pytest.mark.parametrize(
    "place",
    [
        (),
        ("body_text",),
        ("lead", "attributes", "crm", "x"),
        ("lead", "attributes", "x\0y"),
        ("new",),
    ],
)
def test_nul_is_refused_at_any_depth(place: tuple[str, ...]) -> None:
    body = json.loads(json.dumps(REPLY))
    inside = body
    for part in place[:-1]:
        inside = inside[part]
    inside[(place or ("x",))[-1]] = "a\0b"
    raw = json.dumps(body).encode()
    whole = [{"data": body}, {"data_base64": b64encode(raw).decode()}]
    answers = [
        attempt(LeadRepliedV1, SUBJECT, {}, raw),
        *(attempt(LeadRepliedV1, SUBJECT, STRUCTURED, json.dumps(w).encode()) for w in whole),
    ]
    assert {str(answer) for answer in answers} == {"body: must not contain NUL characters"}


def test_a_text_about_nul_is_no_nul() -> None:
    body = json.dumps(REPLY | {"body_text": "write \\u0000 or \\\\u0000"}).encode()
    assert isinstance(attempt(LeadRepliedV1, SUBJECT, {}, body), Received)


@pytest.mark.parametrize("raw", [b"\0", b"\xff", b"\xed\xa0"], ids=repr)
@pytest.mark.parametrize("headers", [{}, STRUCTURED])
def test_what_is_no_utf_8_text_is_malformed(raw: bytes, headers: dict[str, str]) -> None:
    body = json.dumps({"data": REPLY} | REPLY).encode().replace(b"What", raw)
    error = attempt(LeadRepliedV1, SUBJECT, headers, body)
    assert isinstance(error, EnvelopeError)
    assert error.reason == "malformed"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_no_store_takes_are_refused(number: str) -> None:
    body = json.dumps(REPLY).replace("0.82", number).encode()
    error = attempt(LeadRepliedV1, SUBJECT, {}, body)
    assert str(error) == "lead.attributes: must not contain NaN or infinity"


@pytest.mark.parametrize("headers", [{}, STRUCTURED])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'{"workspace_id":"a","lead":{"attributes":' + b'{"a":' * 90_000 + b"1" + b"}" * 90_002,
        b'{"lead":{"attributes":{"n":' + b"9" * 500_000 + b"}}}",
        b'{"n":-' + b"9" * 500_000 + b"}",
        b'{"a":"' + b"\\" * 500_000 + b'"}',
        b'{"a":"' + b"\\\\u0000" * 70_000 + b'"}',
        b'{"data_base64":"' + b"W" * 500_000 + b'"}',
        b'{"a":1,' * 70_000,
        b'{"thread":[' + b"1," * 250_000 + b"1]}",
    ],
    ids=lambda body: body[:12].decode() if isinstance(body, bytes) else None,
)
def test_hostile_bodies_are_refused_at_once(headers: dict[str, str], body: bytes) -> None:
    started_at = time.process_time()
    assert isinstance(attempt(LeadRepliedV1, SUBJECT, headers, body), EnvelopeError)
    assert time.process_time() - started_at < 1
