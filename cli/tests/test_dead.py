import json
from itertools import count

import pytest
from service_kit.dead_letters import DeadLetter
from service_kit.publishing import send_one
from service_kit.topology import DEAD_STREAM, Durable

SUBJECT = "lead.replied.v1.acme"
REPLY = {
    "workspace_id": "acme",
    "message_id": "m-ö1",
    "lead_id": "l-1",
    "channel": "email",
    "received_at": "2026-01-01T10:00:00Z",
    "body_text": "Hello [bold]you[/bold] \x1b[31m",
}
SEQUENCES = count(1)
DURABLE = Durable(stream="CRM", name="draft_on_lead_replied", filter_subjects=(SUBJECT,))


@pytest.fixture
def park(broker):
    """Return a function that parks one message, as a consumer does, and returns its number."""

    def call(body: bytes = json.dumps(REPLY).encode(), headers=None) -> int:
        letter = DeadLetter(
            durable=DURABLE,
            sequence=next(SEQUENCES),
            subject=SUBJECT,
            headers={"Nats-Msg-Id": "first", **(headers or {})},
            body=body,
            deliveries=3,
            error="malformed",
            detail="body: is [not] JSON",
        )

        async def store(connection):
            await send_one(connection, letter.message())
            return (await connection.jetstream().stream_info(DEAD_STREAM)).state.last_seq

        return broker(store)

    return call


def published(broker):
    async def read(connection):
        return await connection.jetstream().get_last_msg("CRM", SUBJECT)

    return broker(read)


def stored_count(broker) -> int:
    async def read(connection):
        return (await connection.jetstream().stream_info("CRM")).state.messages

    return broker(read)


def test_nothing_parked_is_said_plainly(run, streams):
    result = run("dead", "list", "--nats", streams)
    assert result.code == 0
    assert "Nothing is parked" in result.out


def test_nothing_parked_is_an_empty_list_in_json(run, streams):
    assert json.loads(run("dead", "list", "--json", "--nats", streams).out) == {
        "items": [],
        "total": 0,
    }


def test_a_broker_without_streams_has_nothing_parked(run, fresh_nats):
    assert "Nothing is parked" in run("dead", "list", "--nats", fresh_nats.url).out


def test_list_shows_reason_consumer_and_age(run, streams, park):
    number = park()
    line = run("dead", "list", "--nats", streams).out.splitlines()[1]
    assert line.split()[:5] == [str(number), "malformed", "draft_on_lead_replied", "0", "s"]
    assert "body: is [not] JSON" in line


def test_list_in_json_has_every_part(run, streams, park):
    number = park()
    (item,) = json.loads(run("dead", "list", "--json", "--nats", streams).out)["items"]
    assert item.pop("parked_at")
    assert item.pop("original_sequence") > 0
    assert item == {
        "number": number,
        "reason": "malformed",
        "detail": "body: is [not] JSON",
        "consumer": "draft_on_lead_replied",
        "stream": "CRM",
        "subject": SUBJECT,
        "deliveries": 3,
    }


def test_a_limited_list_keeps_the_newest_and_says_so(run, streams, park):
    numbers = [park() for _ in range(3)]
    result = run("dead", "list", "--limit", 2, "--nats", streams)
    assert "newest 2 of 3" in result.out
    listed = json.loads(run("dead", "list", "--json", "--limit", 2, "--nats", streams).out)
    assert [item["number"] for item in listed["items"]] == numbers[1:]


def test_show_prints_headers_and_body_without_steering_the_terminal(run, streams, park):
    number = park(headers={"ce-id": "e-1"}, body=REPLY["body_text"].encode())
    result = run("dead", "show", number, "--nats", streams)
    assert "ce-id: e-1" in result.out
    assert "Hello [bold]you[/bold]" in result.out
    assert "\x1b[31m" not in result.out


def test_show_of_an_unknown_number_fails_with_a_mend(run, streams):
    result = run("dead", "show", 99, "--nats", streams)
    assert result.code == 1
    assert "No message 99 is parked" in result.err
    assert "dramatis dead list" in result.err


def test_replay_publishes_again_with_the_same_identity_and_unparks(run, streams, park, broker):
    number = park(headers={"ce-id": "e-1", "traceparent": "t"})
    result = run("dead", "replay", number, "--nats", streams)
    assert result.code == 0
    message = published(broker)
    headers = dict(message.headers)
    assert headers.pop("Nats-Msg-Id").startswith("replay-")
    assert headers == {"ce-id": "e-1", "traceparent": "t"}
    assert json.loads(message.data) == REPLY
    assert "Nothing is parked" in run("dead", "list", "--nats", streams).out


def test_replay_gives_an_event_without_id_the_one_it_would_have_had(run, streams, park, broker):
    number = park()
    result = run("dead", "replay", number, "--nats", streams)
    assert published(broker).headers["ce-id"] == "m-%C3%B61"
    assert "gave no ce-id" in result.out


def test_replay_of_what_cannot_be_read_adds_nothing(run, streams, park, broker):
    number = park(body=b"{")
    result = json.loads(run("dead", "replay", number, "--json", "--nats", streams).out)
    assert result["items"] == [{"number": number, "subject": SUBJECT, "added_ce_id": None}]
    assert "ce-id" not in published(broker).headers


def test_replay_all_empties_the_list(run, streams, park, broker):
    for _ in range(3):
        park()
    result = run("dead", "replay", "--all", "--json", "--nats", streams)
    assert len(json.loads(result.out)["items"]) == 3
    assert json.loads(run("dead", "list", "--json", "--nats", streams).out)["total"] == 0
    assert stored_count(broker) == 3


def test_replay_that_the_broker_cannot_take_keeps_the_message_parked(run, streams, park, broker):
    number = park()

    async def lose_stream(connection):
        await connection.jetstream().delete_stream("CRM")

    broker(lose_stream)
    result = run("dead", "replay", number, "--nats", streams)
    assert result.code == 1
    assert json.loads(run("dead", "list", "--json", "--nats", streams).out)["total"] == 1


@pytest.mark.parametrize("arguments", [(), ("1", "--all")])
def test_replay_wants_numbers_or_all(run, arguments):
    result = run("dead", "replay", *arguments)
    assert result.code == 2
    assert "--all" in result.err


def test_replaying_one_unknown_number_replays_none(run, streams, park, broker):
    number = park()
    assert run("dead", "replay", number, 99, "--nats", streams).code == 1
    assert stored_count(broker) == 0


def test_a_message_that_was_cut_is_shown_and_not_replayed(run, streams, park):
    number = park(b"x" * 600_000)
    shown = run("dead", "show", number, "--nats", streams)
    assert "dlq-cut: body of 600000 bytes" in shown.out
    result = run("dead", "replay", number, "--nats", streams)
    assert result.code == 1
    assert "too large to be kept whole: body of 600000 bytes" in result.err
    assert json.loads(run("dead", "list", "--json", "--nats", streams).out)["total"] == 1
