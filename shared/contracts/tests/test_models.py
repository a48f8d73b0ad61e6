"""Readers are tolerant: unknown fields and unknown values of our enums do no harm."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from persona_contracts import (
    EVENTS,
    AssignmentChangedV1,
    CampaignState,
    Channel,
    Event,
    LeadRepliedV1,
    Resolution,
    decode,
    encode_headers,
    is_subject_id,
    state_subject,
    subject_for,
)
from persona_contracts.catalogue import DOCUMENTS, event_name
from persona_contracts.types import ExternalId, UtcTime
from polyfactory.factories.pydantic_factory import ModelFactory
from pydantic import BaseModel, TypeAdapter, ValidationError

AT = datetime(2026, 3, 2, 9, 14, 27, tzinfo=UTC)
PERSONA_ID = "0199b3c4-7d1e-7001-8a2b-5c6d7e8f9a0b"
UNKNOWN = {"x_added_later": {"deep": [1, {"er": None}]}}


def made(model: type[BaseModel]) -> list[BaseModel]:
    """Return ten documents with every optional field set, and ten with some."""
    always = {"body_text": "one of the three is required"} if model is LeadRepliedV1 else {}
    full = ModelFactory.create_factory(model, __allow_none_optionals__=False, __random_seed__=1)
    some = ModelFactory.create_factory(model, __random_seed__=2)
    return full.batch(10, **always) + some.batch(10, **always)


def with_unknown_fields(value: object, dumped: Any) -> Any:
    """Return `dumped` with a field of a later version in every object that has a model."""
    if isinstance(value, BaseModel):
        known = {key: with_unknown_fields(getattr(value, key), dumped[key]) for key in dumped}
        return known | UNKNOWN
    if isinstance(value, list):
        return [with_unknown_fields(*pair) for pair in zip(value, dumped, strict=True)]
    return dumped


@pytest.mark.parametrize("event", EVENTS, ids=event_name)
def test_events_with_fields_of_a_later_version_are_read(event: type[Event]) -> None:
    for sent in made(event):
        assert isinstance(sent, Event)
        later = with_unknown_fields(sent, sent.model_dump(mode="json"))
        headers = encode_headers(sent, event_id="7", source="urn:dramatis:later", time=AT)
        headers |= {"ce-addedlater": "1"}
        read = decode(event, subject_for(sent), headers, json.dumps(later).encode())
        assert read.event == sent
        assert "x_added_later" not in read.event.model_dump_json()


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {event_name(e) for e in EVENTS}))
def test_documents_with_fields_of_a_later_version_are_read(name: str) -> None:
    for sent in made(DOCUMENTS[name]):
        later = with_unknown_fields(sent, sent.model_dump(mode="json"))
        assert DOCUMENTS[name].model_validate_json(json.dumps(later)) == sent


def test_our_events_may_name_a_channel_of_a_later_version() -> None:
    body = {"workspace_id": "acme", "occurred_at": AT, "campaign_id": "c", "revision": 1}
    later = AssignmentChangedV1.model_validate(body | {"channel": "whatsapp"})
    assert later.channel == "whatsapp"
    now = AssignmentChangedV1.model_validate(body | {"channel": "email"})
    assert now.channel is Channel.EMAIL


def test_a_campaign_assigned_on_a_channel_of_a_later_version_is_read() -> None:
    assignments = {"whatsapp": PERSONA_ID, "email": PERSONA_ID}
    body = {"campaign_id": "c", "name": "C", "assignments": assignments, "revision": 1}
    state = CampaignState.model_validate_json(json.dumps(body))
    assert str(state.assignments[Channel.EMAIL]) == PERSONA_ID
    assert set(state.assignments) == {"whatsapp", "email"}


def test_a_draft_may_name_a_tier_of_a_later_version() -> None:
    later = Resolution.model_validate({"tier": "team", "revision": 1, "reason": "TEAM"})
    assert (later.tier, later.reason) == ("team", "TEAM")


def test_a_reply_on_a_channel_that_nobody_could_answer_is_refused() -> None:
    body = {"workspace_id": "acme", "message_id": "m", "lead_id": "l", "received_at": AT}
    with pytest.raises(ValidationError, match="channel"):
        LeadRepliedV1.model_validate(body | {"body_text": "hi", "channel": "fax"})


def test_a_validation_error_does_not_show_what_a_lead_wrote() -> None:
    with pytest.raises(ValidationError) as caught:
        LeadRepliedV1.model_validate({"body_text": "a private matter", "channel": "private"})
    assert "private" not in str(caught.value)


@given(
    since=st.timedeltas(timedelta(days=-700_000), timedelta(days=2_900_000)),
    minutes=st.integers(-1439, 1439),
)
def test_times_are_utc_whatever_their_offset(since: timedelta, minutes: int) -> None:
    sent = (AT + since).astimezone(timezone(timedelta(minutes=minutes)))
    read = TypeAdapter[datetime](UtcTime).validate_python(sent.isoformat())
    assert read == sent
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "time",
    [
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-03-02", "10:00"),
        *("2026-03-02T10:00:00", "2026-03-02T10:00Z", "1700000000", 1700000000, 1.5, True, None),
        *("2026-02-30T10:00:00Z", "2026-03-02T25:00:00Z", "\uff12026-03-02T10:00:00Z", "P1D"),
    ],
)
def test_other_notations_of_time_are_refused(time: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(UtcTime).validate_python(time)


@pytest.mark.parametrize(
    "text", ["a", "Ω-1 x", "<CAF7x=Q1w@mail.example.com>", "x" * 255, "😀" * 255]
)
def test_ids_of_the_crm_are_opaque(text: str) -> None:
    assert TypeAdapter(ExternalId).validate_python(text) == text


@pytest.mark.parametrize("text", ["", "x" * 256, "a\n", "\t", "\x7f", "\x85", "\u2028", "a\0"])
def test_ids_of_the_crm_hold_no_control_characters(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ExternalId).validate_python(text)


@pytest.mark.parametrize(
    "text", ["", "a.b", "a b", "*", ">", "é", "a\n", "a/b", "x" * 65], ids=repr
)
def test_what_may_not_stand_in_a_subject(text: str) -> None:
    assert not is_subject_id(text)


@pytest.mark.parametrize("text", ["a", "A-_9", "x" * 64])
def test_what_may_stand_in_a_subject(text: str) -> None:
    assert is_subject_id(text)


def test_a_state_subject_names_tenant_kind_and_entity() -> None:
    assert state_subject("acme", "campaign", "c-1") == "persona-state.v1.acme.campaign.c-1"
