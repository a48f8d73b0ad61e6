"""Consumers: every event once, and a bad one costs nobody else anything."""

import asyncio

import nats
import pytest
from messaging.harness import Probe
from notes import replied
from persona_contracts import subject_for
from prometheus_client import REGISTRY
from service_devkit.testing.database import Databases
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.publishing import Message, send_batch


async def test_one_event_delivered_fifty_times_is_handled_once(probe):
    event = replied("m1")
    await asyncio.gather(*(probe.send(event) for _ in range(50)))
    await probe.until_idle()
    assert await probe.count("note") == 1
    await probe.until_stored("DRAFT", 1)
    assert await probe.stored("DRAFT") == 1


async def test_a_full_replay_changes_nothing(probe):
    for number in range(120):
        await probe.send(replied(f"m{number}"))
    await probe.until_count("note", 120)
    await probe.until_idle()
    await probe.broker.js.delete_consumer(probe.durable.stream, probe.durable.name)
    await probe.reconciler.once()
    await probe.until_idle()
    assert await probe.count("note") == 120
    await probe.until_stored("DRAFT", 120)
    assert await probe.stored("DRAFT") == 120


async def test_halves_of_characters_are_counted_and_cost_nothing_else(probe):
    labels = {"source": probe.durable.name}
    before = REGISTRY.get_sample_value("dramatis_replaced_characters_total", labels) or 0
    body = replied("m", text="@").model_dump_json().replace("@", r"a \ud83d\ud83d b").encode()
    await probe.send_raw("lead.replied.v1.acme", body)
    await probe.until_count("note", 1)
    after = REGISTRY.get_sample_value("dramatis_replaced_characters_total", labels)
    assert after == before + 2


@pytest.mark.parametrize(
    ("subject", "body", "reason"),
    [
        ("lead.replied.v1.acme", b"{not json", "malformed"),
        ("lead.replied.v1.acme", b"\xff\xfe", "malformed"),
        ("lead.replied.v1.acme", b"[" * 100_000, "malformed"),
        ("lead.replied.v1.acme", b"{}", "invalid"),
        ("lead.replied.v1.acme", b"x" * 600 * 1024, "too-large"),
        (
            "lead.replied.v1.other",
            replied("m").model_dump_json().encode(),
            "workspace-mismatch",
        ),
        (
            "lead.replied.v1.acme",
            replied("m", text="@").model_dump_json().replace("@", r"\u0000").encode(),
            "invalid",
        ),
    ],
)
async def test_a_bad_event_is_parked_once_with_its_reason_and_its_neighbours_are_handled(
    probe, subject, body, reason
):
    await probe.send(replied("before"))
    await probe.send_raw(subject, body)
    await probe.send(replied("after"))
    await probe.until_count("note", 2)
    await probe.until_idle()
    parked = [
        (m.subject, m.headers["dlq-error"], m.headers["dlq-subject"])
        for m in await probe.dead_letters()
    ]
    address = f"dead.CRM.{probe.durable.name}"
    assert parked == [(address, reason, subject)]


async def test_a_dead_letter_of_what_the_broker_barely_takes_is_cut_and_says_so(probe):
    body = b"x" * 1_048_566
    await probe.send_raw("lead.replied.v1.acme", body)
    await probe.send_raw("lead.replied.v1.acme", b"{}", ce_id="i" * 60_000, ce_type="t")
    await probe.send(replied("after"))
    await probe.until_stored("DEAD", 2)
    large, long_id = await probe.dead_letters()
    assert large.headers["dlq-error"] == "too-large"
    assert large.headers["dlq-cut"] == "body of 1048566 bytes"
    assert body.startswith(large.data)
    assert long_id.headers["dlq-cut"] == "1 headers"
    assert long_id.headers["ce-type"] == "t"
    await probe.until_stored("DRAFT", 1)


async def test_a_dead_letter_keeps_the_headers_that_describe_the_event_alone(probe):
    kept = {"ce-type": "lead.replied", "content-type": "application/json", "traceparent": "00-1"}
    secret = {"authorization": "Bearer SECRETHDR", "Status": "503", "dlq-error": "a lie", "x": "y"}
    js = probe.broker.js
    await js.publish("lead.replied.v1.acme", b"{}", headers=kept | secret)
    await probe.until_stored("DEAD", 1)
    (letter,) = await probe.dead_letters()
    assert {n for n in letter.headers if not n.startswith("dlq-")} == {*kept, "Nats-Msg-Id"}
    assert letter.headers["dlq-error"] == "invalid"


@pytest.mark.parametrize("status", ["100", "404", "408", "409", "500", "503"])
async def test_a_status_header_hides_no_event_and_delays_none(probe, status):
    for _ in range(200):
        await probe.send_raw("lead.replied.v1.acme", b"", Status=status, Description="Idle")
    await probe.send(replied("after"))
    await probe.until_count("note", 1)
    await probe.until_stored("DEAD", 200)
    await probe.until_idle()


@pytest.fixture
async def flooded(probe, monkeypatch):
    """400 events of the workspace `flood`; the handler holds most until `handler.go` is set."""
    monkeypatch.setattr("service_kit.fast_lane.LONG_BACKLOG", 50)
    probe.handler.hold("flood")
    events = [replied(f"m{number}", "flood") for number in range(400)]
    await send_batch(probe.broker.publishing, [message(event) for event in events])
    return probe


def message(event):
    return Message(subject=subject_for(event), body=event.model_dump_json().encode(), headers={})


async def test_the_events_of_others_overtake_a_flood_and_each_is_handled_once(flooded):
    await flooded.send(replied("first", "other"))
    await flooded.until_count("note where workspace_id = 'other'", 1)
    await flooded.send(replied("new", "new-workspace"))
    await flooded.until_count("note where workspace_id = 'new-workspace'", 1)
    assert await flooded.count("note where workspace_id = 'flood'") < 400
    flooded.handler.go.set()
    await flooded.until_count("note", 402)
    await flooded.until_idle()
    assert await flooded.count("note") == 402
    await flooded.until_stored("DRAFT", 402)
    assert await flooded.stored("DRAFT") == 402


async def test_what_cannot_be_handled_ahead_is_decided_on_in_its_turn(flooded, monkeypatch):
    monkeypatch.setattr("service_kit.consumer.BUG_DELIVERIES", 1)
    await flooded.send_raw("lead.replied.v1.other", b"{}")
    await flooded.send(replied("bad", "other", text="bug"))
    await flooded.send(replied("good", "other"))
    await flooded.until_count("note where workspace_id = 'other'", 1)
    assert await flooded.dead_letters() == []
    flooded.handler.go.set()
    await flooded.until_stored("DEAD", 2)
    await flooded.until_idle()
    reasons = [letter.headers["dlq-error"] for letter in await flooded.dead_letters()]
    assert sorted(reasons) == ["handler-failed", "invalid"]


async def test_a_bug_is_tried_again_and_then_parked_while_others_go_on(probe, monkeypatch):
    monkeypatch.setattr("service_kit.consumer.BUG_DELIVERIES", 2)
    for number in range(10):
        await probe.send(replied(f"m{number}"))
    await probe.send(replied("bad", text="bug"))
    for number in range(10, 20):
        await probe.send(replied(f"m{number}"))
    await probe.until_count("note", 20)
    await probe.until_idle()
    letters = await probe.dead_letters()
    assert [m.headers["dlq-error"] for m in letters] == ["handler-failed"]
    assert letters[0].headers["dlq-deliveries"] == "2"
    assert "hello" not in str(letters[0].headers)


async def test_an_event_that_waits_for_another_system_is_not_parked(probe, monkeypatch):
    monkeypatch.setattr("service_kit.consumer.BUG_DELIVERIES", 1)
    await probe.send(replied("early", text="too early"))
    await probe.until_count("note", 1)
    await probe.until_idle()
    assert await probe.dead_letters() == []


async def test_an_event_whose_deliveries_are_used_up_is_parked(database, fresh_nats):
    stopped = Probe(database("note_svc").login_url, fresh_nats.url, ack_wait_seconds=0.2)
    await stopped.start()
    js = stopped.broker.js
    config = (await js.consumer_info(stopped.durable.stream, stopped.durable.name)).config
    config.max_deliver = 1
    await js.add_consumer(stopped.durable.stream, config)
    await stopped.stop()

    async with await nats.connect(fresh_nats.url) as connection:
        js = connection.jetstream()
        event = replied("lost")
        await js.publish(subject_for(event), event.model_dump_json().encode())
        dying = await js.pull_subscribe_bind(
            durable=stopped.durable.name, stream=stopped.durable.stream
        )
        await dying.fetch(
            1, timeout=HANG_SECONDS
        )  # taken by a process that dies: neither ack nor nak

    probe = Probe(database("note_svc").login_url, fresh_nats.url, ack_wait_seconds=0.2)
    await probe.start()
    await probe.until_stored("DEAD", 1)
    (letter,) = await probe.dead_letters()
    await probe.stop()
    assert letter.headers["dlq-error"] == "max-deliveries"
    assert letter.headers["dlq-subject"] == subject_for(event)


async def test_events_wait_while_the_database_is_away_and_none_is_parked(
    fresh_postgres, fresh_nats
):
    database = Databases(fresh_postgres).new("note_svc")
    probe = Probe(database.login_url, fresh_nats.url)
    await probe.start()
    await probe.send(replied("before"))
    await probe.until_count("note", 1)
    fresh_postgres.kill()
    for number in range(30):
        await probe.send(replied(f"m{number}"))
    fresh_postgres.start()
    await probe.until_count("note", 31)
    await probe.until_idle()
    assert await probe.stored("DEAD") == 0
    await probe.stop()
