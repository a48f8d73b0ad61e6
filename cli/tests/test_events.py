import io
import json
import sys
from uuid import uuid4

import pytest
from dramatis.crm_events import CRM_EVENTS
from dramatis.event_feed import matches
from persona_contracts import decode
from service_kit.publishing import Message, send_one


def send(broker, subject: str, data: object, event_id: str = "e-1") -> None:
    async def publish(connection):
        headers = {"ce-id": event_id, "ce-source": "urn:dramatis:test"}
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        await send_one(connection, Message(subject=subject, body=body, headers=headers))

    broker(publish)


def test_past_events_are_printed_in_order_as_json_lines(run, streams, broker):
    for number in range(3):
        send(broker, "persona.updated.v1.acme", {"version": number}, f"%C3%B6-{number}")
    send(broker, "draft.created.v1.acme", {})
    result = run(
        "events", "tail", "persona.>", "--since", "1h", "--limit", 3, "--json", "--nats", streams
    )
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [line["id"] for line in lines] == ["ö-0", "ö-1", "ö-2"]
    assert lines[0].keys() == {"subject", "id", "source", "stored_at", "stream", "data"}
    assert lines[2]["data"] == {"version": 2}


def test_a_body_that_is_no_json_is_printed_too(run, streams, broker):
    send(broker, "lead.replied.v1.acme", b"\x1b[31m{")
    result = run("events", "tail", "--since", "1h", "--limit", 1, "--nats", streams)
    assert "lead.replied.v1.acme" in result.out
    assert "\x1b[31m" not in result.out


def test_another_workspace_is_left_out(run, streams, broker):
    send(broker, "draft.created.v1.other", {"n": 1})
    send(broker, "draft.created.v1.acme", {"n": 2})
    pattern = "draft.*.v1.acme"
    result = run(
        "events", "tail", pattern, "--since", "1h", "--limit", 1, "--json", "--nats", streams
    )
    assert json.loads(result.out)["data"] == {"n": 2}


def test_a_status_header_hides_no_event_and_stops_nothing(run, streams, broker):
    async def publish(connection):
        headers = {"Status": "100", "Description": "Idle Heartbeat"}
        for _ in range(2):
            await connection.jetstream().publish("lead.replied.v1.acme", b"", headers=headers)

    broker(publish)
    send(broker, "lead.replied.v1.acme", {"n": 3})
    result = run("events", "tail", "--since", "1h", "--limit", 3, "--json", "--nats", streams)
    assert [json.loads(line)["data"] for line in result.out.splitlines()] == ["", "", {"n": 3}]


def test_a_subject_that_no_stream_keeps_is_an_error(run, streams):
    result = run("events", "tail", "nobody.>", "--nats", streams)
    assert result.code == 1
    assert "No stream keeps nobody.>" in result.err


def test_a_misspelt_event_is_told_apart_from_one_that_nobody_sends(run, streams):
    result = run("events", "tail", "lead.repleid.v1.acme", "--nats", streams)
    assert result.code == 1
    assert "Did you mean lead.replied.>?" in result.err


def test_missing_streams_are_an_error_with_a_mend(run, fresh_nats):
    result = run("events", "tail", "--nats", fresh_nats.url)
    assert result.code == 1
    assert "dramatis topology apply" in result.err


@pytest.mark.parametrize("age", ["10", "m", "1w", "-1m"])
def test_an_age_needs_a_unit(run, age):
    assert run("events", "tail", f"--since={age}").code == 2


@pytest.mark.parametrize(
    ("pattern", "subject", "covered"),
    [
        (">", "a.b", True),
        ("a.>", "a", False),
        ("a.>", "a.b.c", True),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("a.b.c", "a.b", False),
        ("lead.replied.v1.acme", "lead.*.v1.*", True),
        ("lead.>", "draft.*.v1.*", False),
    ],
)
def test_patterns_match_as_in_nats(pattern, subject, covered):
    assert matches(pattern, subject) is covered


def example_in_a_new_workspace(run, event_type):
    """A broker drops repeats even of what was purged: no two tests may send the same event."""
    example = json.loads(run("events", "types", event_type).out)
    return json.dumps({**example, "workspace_id": f"w{uuid4().hex[:12]}"})


@pytest.mark.parametrize("event_type", CRM_EVENTS)
def test_the_example_of_a_type_is_what_the_services_read(
    run, streams, broker, event_type, tmp_path
):
    example = example_in_a_new_workspace(run, event_type)
    (tmp_path / "event.json").write_text(example)

    sent = run("events", "send", event_type, "event.json", "--json", "--nats", streams)
    assert sent.code == 0, sent.err
    told = json.loads(sent.out)
    assert told["stored"]
    repeated = run("events", "send", event_type, "event.json", "--json", "--nats", streams)
    assert not json.loads(repeated.out)["stored"]

    async def stored(connection):
        return await connection.jetstream().get_last_msg("CRM", told["subject"])

    message = broker(stored)
    received = decode(CRM_EVENTS[event_type], message.subject, message.headers, message.data)
    assert received.event == CRM_EVENTS[event_type].model_validate_json(example)
    assert received.event_id == received.event.default_event_id


def test_all_types_are_listed_with_what_they_tell(run):
    table = run("events", "types").out
    lines = [json.loads(line) for line in run("events", "types", "--json").out.splitlines()]
    assert [line["type"] for line in lines] == list(CRM_EVENTS)
    assert all(line["type"] in table for line in lines)
    assert all(line["tells"] and line["example"]["workspace_id"] for line in lines)


def test_a_wrong_event_is_refused_by_field_and_nothing_of_its_file_is_sent(
    run, streams, broker, tmp_path
):
    right = json.loads(run("events", "types", "lead.outcome").out)
    wrong = {**right, "outcome": "married", "lead_id": ""}
    (tmp_path / "events.json").write_text(json.dumps([right, wrong]))
    result = run("events", "send", "lead.outcome", "events.json", "--nats", streams)
    assert result.code == 1
    assert "event 2: " in result.err
    assert "lead_id" in result.err
    assert "outcome" in result.err
    assert "dramatis events types lead.outcome" in result.err

    async def count(connection):
        return (await connection.jetstream().stream_info("CRM")).state.messages

    assert broker(count) == 0


@pytest.mark.parametrize(
    ("content", "named"),
    [("{", "is not JSON"), ("[1]", "should be an object"), ('{"workspace_id": "a.b"}', "subject")],
)
def test_what_is_no_event_is_said(run, streams, tmp_path, content, named):
    (tmp_path / "event.json").write_text(content)
    result = run("events", "send", "lead.erased", "event.json", "--nats", streams)
    assert result.code == 1
    assert named in result.err


def test_events_come_from_standard_input_too(run, streams, monkeypatch):
    example = example_in_a_new_workspace(run, "lead.erased")
    monkeypatch.setattr(sys, "stdin", io.StringIO(example))
    result = run("events", "send", "lead.erased", "-", "--nats", streams)
    workspace_id = json.loads(example)["workspace_id"]
    assert result.out == f"lead.erased.v1.{workspace_id}  stored\n"


def test_a_misspelt_type_is_told_with_the_right_one(run, streams):
    result = run("events", "send", "lead.repleid", "-", "--nats", streams)
    assert result.code == 1
    assert "Did you mean lead.replied?" in result.err
