import json

import pytest
from dramatis.event_feed import matches
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
