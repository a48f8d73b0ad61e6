"""Headers, subjects and identity: what is encoded is decoded, whichever way the CRM sends."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persona_contracts import (
    CRM_SOURCE,
    MAX_BODY_BYTES,
    CampaignRemovedV1,
    CampaignSyncedV1,
    EnvelopeError,
    EventSubject,
    LeadRepliedV1,
    PersonaDeletedV1,
    Received,
    decode,
    encode_headers,
    subject_for,
)

AT = datetime(2026, 3, 2, 9, 14, 27, tzinfo=UTC)
SUBJECT = "lead.replied.v1.acme"
STRUCTURED = {"content-type": "application/cloudevents+json"}
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
REPLY: dict[str, Any] = {
    "workspace_id": "acme",
    "message_id": "m-1",
    "lead_id": "l-1",
    "channel": "email",
    "received_at": "2026-03-02T09:14:27Z",
    "body_text": "What does it cost?",
}
DELETED = {
    "workspace_id": "acme",
    "occurred_at": "2026-03-02T09:14:27Z",
    "persona_id": "0199b3c4-7d1e-7001-8a2b-5c6d7e8f9a0b",
    "revision": 3,
    "changed_by": "ines",
}
IDS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters="\ufffd"
    ),
    min_size=1,
    max_size=255,
)


def reply(body: dict[str, Any], headers: dict[str, str] | None = None) -> Received[LeadRepliedV1]:
    return decode(LeadRepliedV1, SUBJECT, headers or {}, json.dumps(body).encode())


def refusal(
    body: object, headers: dict[str, str] | None = None, subject: str = SUBJECT
) -> EnvelopeError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(EnvelopeError) as caught:
        decode(LeadRepliedV1, subject, headers or {}, raw)
    return caught.value


# --- the three ways


@given(event_id=IDS, source=IDS, lead_id=IDS)
def test_binary_mode_comes_back_as_it_was_sent(event_id: str, source: str, lead_id: str) -> None:
    sent = LeadRepliedV1.model_validate(REPLY | {"lead_id": lead_id})
    headers = encode_headers(sent, event_id=event_id, source=source[:128], time=AT)
    assert all(0x20 <= ord(c) < 0x7F for value in headers.values() for c in value)
    got = decode(LeadRepliedV1, subject_for(sent), headers, sent.model_dump_json().encode())
    assert got == Received(event=sent, event_id=event_id, source=source[:128])


@given(event_id=IDS, source=IDS)
def test_structured_mode_gives_the_same_event(event_id: str, source: str) -> None:
    whole = {"id": event_id, "source": source[:128], "type": "lead.replied", "data": REPLY}
    got = reply(whole | {"specversion": "1.0", "traceparent": TRACEPARENT}, STRUCTURED)
    assert got == Received(
        event=LeadRepliedV1.model_validate(REPLY),
        event_id=event_id,
        source=source[:128],
        traceparent=TRACEPARENT,
    )


def test_a_plain_body_gets_the_crm_as_source_and_an_id_of_its_own() -> None:
    got = reply(REPLY)
    assert (got.source, got.event_id, got.traceparent) == (CRM_SOURCE, "m-1", None)
    assert got.workspace_id == "acme"


@pytest.mark.parametrize("updated_at", ["2026-03-02T09:14:27Z", "2026-03-02T10:14:27+01:00"])
def test_the_default_id_of_a_campaign_event_does_not_depend_on_the_time_zone(
    updated_at: str,
) -> None:
    body = {"workspace_id": "acme", "campaign_id": "c-1", "updated_at": updated_at}
    removed = decode(CampaignRemovedV1, "campaign.removed.v1.acme", {}, json.dumps(body).encode())
    assert removed.event_id == "c-1@2026-03-02T09:14:27Z"
    body |= {"name": "Spring", "channel": "email", "status": "running"}
    synced = decode(CampaignSyncedV1, "campaign.synced.v1.acme", {}, json.dumps(body).encode())
    assert synced.event_id == removed.event_id


def test_empty_attributes_count_as_absent() -> None:
    got = reply(REPLY, {"ce-id": "", "ce-source": "", "ce-type": ""})
    assert (got.source, got.event_id) == (CRM_SOURCE, "m-1")
    assert reply({"id": None, "source": None, "data": REPLY}, STRUCTURED) == got


@pytest.mark.parametrize("content_type", ["application/json", "application/vnd.crm+json; v=1"])
def test_structured_data_may_be_base64(content_type: str) -> None:
    data = base64.b64encode(json.dumps(REPLY).encode()).decode()
    whole = {"id": "1", "datacontenttype": content_type, "data_base64": data}
    assert reply(whole, STRUCTURED).event == LeadRepliedV1.model_validate(REPLY)


@pytest.mark.parametrize(
    ("whole", "message"),
    [
        ({"data": REPLY, "datacontenttype": "text/plain"}, "datacontenttype: must be JSON"),
        ({"data": REPLY, "data_base64": "e30="}, "either data or data_base64"),
        ({"id": "1"}, "either data or data_base64"),
        ({"data_base64": "%%%"}, "data_base64: must be base64"),
        ({"data_base64": "é"}, "data_base64: must be base64"),
        ({"data": REPLY, "id": 7}, "id: Input should be a valid string"),
        ({"data": json.dumps(REPLY)}, "Input should be"),
        ([REPLY], "body: Input should be"),
    ],
)
def test_a_broken_structured_event_is_refused_by_name(whole: object, message: str) -> None:
    assert message in str(refusal(whole, STRUCTURED))


def test_a_batch_of_cloudevents_is_refused() -> None:
    batch = {"content-type": "application/cloudevents-batch+json"}
    assert refusal([{"data": REPLY}], batch).reason == "invalid"


# --- headers


def test_header_names_are_read_in_any_case() -> None:
    headers = {"CE-ID": "7", "Ce-Source": "urn:x", "cE-tYpE": "lead.replied"}
    got = reply(REPLY, headers | {"Traceparent": TRACEPARENT})
    assert (got.event_id, got.source, got.traceparent) == ("7", "urn:x", TRACEPARENT)
    whole = {"id": "8", "data": REPLY}
    assert (
        reply(whole, {"Content-Type": "Application/CloudEvents+JSON;charset=utf-8"}).event_id == "8"
    )


@pytest.mark.parametrize(
    ("value", "event_id"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),  # the example of the specification
        ("%e2%82%ac", "€"),
        ("100%25", "100%"),
        ("%2525", "%25"),
        ("50%", "50%"),
        ("a+b", "a+b"),
        ('"say \\"hi\\""', 'say "hi"'),
        ("grün", "grün"),
    ],
)
def test_header_values_are_percent_decoded_once(value: str, event_id: str) -> None:
    assert reply(REPLY, {"ce-id": value}).event_id == event_id


@pytest.mark.parametrize("value", ["%FF", "%ED%A0%80", "a%00b", "%0A", "\ufffd", "\x7f"])
@pytest.mark.parametrize("name", ["ce-id", "ce-source"])
def test_what_cannot_identify_an_event_is_refused(name: str, value: str) -> None:
    error = refusal(REPLY, {name: value})
    assert (error.reason, str(error).partition(":")[0]) == ("invalid", name)


def test_a_lone_surrogate_is_refused() -> None:
    assert refusal(REPLY, {"ce-id": chr(0xD800)}).reason == "invalid"


@pytest.mark.parametrize(("name", "limit"), [("ce-id", 1_100), ("ce-source", 512)])
def test_identities_are_limited_in_bytes(name: str, limit: int) -> None:
    reply(REPLY, {name: "x" * limit})
    assert f"{limit} bytes" in str(refusal(REPLY, {name: "x" * (limit + 1)}))
    assert f"{limit} bytes" in str(refusal(REPLY, {name: "€" * (limit // 3 + 1)}))


def test_the_longest_message_id_can_be_a_default_id() -> None:
    assert reply(REPLY | {"message_id": "😀" * 255}).event_id == "😀" * 255


@pytest.mark.parametrize("time", ["", "yesterday", "99999", "2026-13-45T99:99:99Z", "%FF"])
def test_an_odd_ce_time_is_ignored(time: str) -> None:
    assert reply(REPLY, {"ce-time": time}) == reply(REPLY)
    assert reply({"time": time, "data": REPLY}, STRUCTURED) == reply(REPLY)


@pytest.mark.parametrize("value", ["", "x", TRACEPARENT.upper(), TRACEPARENT + "-00", "0" * 99])
def test_an_odd_traceparent_is_ignored(value: str) -> None:
    assert reply(REPLY, {"traceparent": value}).traceparent is None


def test_the_correlation_is_the_senders_else_the_events_own_id() -> None:
    assert reply(REPLY).correlation_id == "m-1"
    assert reply(REPLY, {"ce-id": "7"}).correlation_id == "7"
    assert reply(REPLY, {"ce-id": "7", "Correlation_Id": "order%2042"}).correlation_id == "order 42"
    whole = {"id": "8", "correlationid": "order 42", "data": REPLY}
    assert reply(whole, STRUCTURED).correlation_id == "order 42"


@pytest.mark.parametrize("value", ["", "%FF", "a%00b", "\x7f", "x" * 1_101])
def test_an_odd_correlation_is_ignored(value: str) -> None:
    assert reply(REPLY, {"correlation_id": value}).correlation_id == "m-1"


def test_an_event_says_what_it_belongs_to() -> None:
    event = LeadRepliedV1.model_validate(REPLY)
    about = {"event_id": "7", "source": "urn:x", "time": event.received_at}
    assert encode_headers(event, **about)["correlation_id"] == "7"
    assert encode_headers(event, **about, correlation_id="ä")["correlation_id"] == "%C3%A4"


# --- subject, type, tenant


def test_a_subject_comes_back_as_it_was() -> None:
    parsed = EventSubject.parse(SUBJECT)
    assert (parsed.event_type, parsed.version, parsed.workspace_id) == ("lead.replied", 1, "acme")
    assert str(parsed) == SUBJECT == subject_for(LeadRepliedV1.model_validate(REPLY))


@pytest.mark.parametrize(
    "subject",
    [
        *("", "lead", "lead.replied", "lead.replied.v1", "lead.replied.v1.", "lead.replied.1.acme"),
        *(
            "lead.replied.v1.acme.x",
            "lead.replied.v1.a b",
            "lead.replied.v1.*",
            "lead.replied.v1.>",
        ),
        *(
            "lead.replied.v1.acme\n",
            "lead.replied.v٣.acme",
            f"lead.replied.v1.{'x' * 65}",
            "a.b.v1.é",
        ),
    ],
)
def test_a_subject_of_another_form_is_refused(subject: str) -> None:
    assert refusal(REPLY, subject=subject).reason == "bad-subject"


@pytest.mark.parametrize("subject", ["lead.outcome.v1.acme", "lead.replied.v2.acme"])
def test_another_type_or_version_is_refused(subject: str) -> None:
    assert refusal(REPLY, subject=subject).reason == "wrong-type"


def test_a_stated_type_that_differs_is_refused() -> None:
    assert refusal(REPLY, {"ce-type": "lead.outcome"}).reason == "wrong-type"
    assert refusal({"type": "lead.outcome", "data": REPLY}, STRUCTURED).reason == "wrong-type"


@pytest.mark.parametrize("headers", [{}, STRUCTURED])
def test_a_body_of_another_workspace_is_refused(headers: dict[str, str]) -> None:
    body = REPLY | {"workspace_id": "other"}
    whole = {"data": body} if headers else body
    assert refusal(whole, headers).reason == "workspace-mismatch"


@pytest.mark.parametrize("missing", ["ce-id", "ce-source"])
def test_our_own_events_never_come_without_identity(missing: str) -> None:
    headers = {"ce-id": "1", "ce-source": "urn:dramatis:persona-svc"}
    body = json.dumps(DELETED).encode()
    decode(PersonaDeletedV1, "persona.deleted.v1.acme", headers, body)
    del headers[missing]
    with pytest.raises(EnvelopeError, match=missing):
        decode(PersonaDeletedV1, "persona.deleted.v1.acme", headers, body)


def test_a_body_over_the_limit_is_refused() -> None:
    room = MAX_BODY_BYTES - len(json.dumps(REPLY | {"subject": ""}))
    reply(REPLY | {"subject": "x" * room})
    assert refusal(REPLY | {"subject": "x" * (room + 1)}).reason == "too-large"
