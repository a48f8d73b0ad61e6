"""Outbox and relay: what is committed is published, in order, and nothing else."""

import json
from dataclasses import replace
from time import monotonic

import pytest
from messaging.harness import Probe
from nats.js.api import DiscardPolicy
from notes import rejected
from prometheus_client import REGISTRY
from service_devkit.testing.waiting import wait_until
from service_kit.outbox import EventTooLargeError, publish
from service_kit.topology import STREAMS
from sqlalchemy import text


async def commit(probe, *events):
    async with probe.store.worker() as session:
        await publish(session, *events)


async def test_events_of_a_rolled_back_transaction_are_never_published(probe):
    async def fail():
        async with probe.store.worker() as session:
            await publish(session, rejected("gone"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await commit(probe, rejected("kept"))
    await probe.until_stored("DRAFT", 1)
    message = await probe.broker.js.get_msg("DRAFT", 1)
    assert json.loads(message.data)["message_id"] == "kept"
    assert await probe.count("outbox") == 1


async def test_an_event_that_every_consumer_would_refuse_is_refused_when_it_is_published(
    probe, monkeypatch
):
    large = rejected("m" * 200)
    monkeypatch.setattr("service_kit.outbox.MAX_BODY_BYTES", len(large.model_dump_json()) - 1)
    with pytest.raises(EventTooLargeError, match=r"draft\.rejected\.v1\.acme"):
        async with probe.store.worker() as session:
            await publish(session, rejected("small"), large)
    assert await probe.count("outbox") == 0


def oldest_seconds():
    return REGISTRY.get_sample_value("dramatis_outbox_oldest_seconds", {"stream": "DRAFT"})


async def test_what_cannot_be_published_is_seen_with_its_age_and_the_brokers_words(
    database, fresh_nats, monkeypatch
):
    monkeypatch.setattr("service_kit.relay.LATE_SECONDS", 0.5)
    monkeypatch.setattr("service_kit.relay.WATCH_SECONDS", 0.1)
    probe = Probe(database("note_svc").login_url, fresh_nats.url)
    await probe.start()
    await probe.stop_reconciling()  # it would restore the stream
    full = replace(STREAMS["DRAFT"], max_msgs=1, discard=DiscardPolicy.NEW)
    await probe.broker.js.update_stream(full)
    async with probe.store.worker() as session:
        await publish(session, rejected("first"), rejected("second"))

    async def degraded():
        probe.health._database_answered_at = monotonic()
        return probe.health.readiness()["reasons"].get("publishing")

    await wait_until(degraded)
    assert await degraded() == "DRAFT waits: maximum messages exceeded"
    assert oldest_seconds() >= 0.5
    await probe.broker.js.update_stream(STREAMS["DRAFT"])
    await probe.until_stored("DRAFT", 2)

    async def recovered():
        return not await degraded()

    await wait_until(recovered)
    await wait_until(lambda: oldest_seconds() is None)
    await probe.stop()


async def test_events_go_out_in_the_order_in_which_they_were_committed(probe):
    for start in range(0, 300, 50):
        await commit(probe, *(rejected(f"m{number}") for number in range(start, start + 50)))
    await probe.until_stored("DRAFT", 300)
    sent = [await probe.broker.js.get_msg("DRAFT", sequence) for sequence in range(1, 301)]
    assert [json.loads(m.data)["message_id"] for m in sent] == [f"m{n}" for n in range(300)]


async def test_an_event_carries_its_identity_and_its_trace(probe):
    event = rejected("m1")
    await commit(probe, event)
    await probe.until_stored("DRAFT", 1)
    message = await probe.broker.js.get_msg("DRAFT", 1)
    assert message.subject == "draft.rejected.v1.acme"
    assert message.headers["ce-id"] == message.headers["Nats-Msg-Id"]
    assert message.headers["ce-source"] == "urn:dramatis:note-svc"
    assert message.headers["ce-type"] == "draft.rejected"
    assert message.headers["ce-subject"] == str(event.draft_id)


async def test_what_a_dead_relay_had_published_is_not_stored_again(probe):
    await commit(probe, *(rejected(f"m{number}") for number in range(20)))
    await probe.until_stored("DRAFT", 20)
    async with probe.store.worker() as session:  # as if it had died before marking them
        await session.execute(text("update outbox set published_at = null where id % 2 = 0"))
    await commit(probe, rejected("last"))
    await probe.until_stored("DRAFT", 21)
    await probe.until_count("outbox where published_at is not null", 21)
    assert await probe.stored("DRAFT") == 21


async def test_two_relays_publish_nothing_twice(probe):
    probe.start_relay()
    for start in range(0, 1000, 100):
        await commit(probe, *(rejected(f"m{number}") for number in range(start, start + 100)))
    await probe.until_count("outbox where published_at is not null", 1000)
    assert await probe.stored("DRAFT") == 1000


async def test_what_was_committed_while_the_broker_was_away_goes_out_when_it_is_back(
    probe, fresh_nats
):
    await commit(probe, rejected("before"))
    await probe.until_stored("DRAFT", 1)
    fresh_nats.kill()
    await commit(probe, rejected("meanwhile"))
    fresh_nats.start()
    await probe.until_stored("DRAFT", 2)
    await probe.until_count("outbox where published_at is not null", 2)
    assert await probe.stored("DRAFT") == 2


async def test_an_event_carries_the_correlation_of_its_cause_or_begins_one(probe):
    caused, beginning = rejected("caused"), rejected("beginning")
    async with probe.store.worker() as session:
        causes = {caused.entity_id: "order 42"}
        _, own_id = await publish(session, caused, beginning, causes=causes)
    await probe.until_stored("DRAFT", 2)
    stored = [await probe.broker.js.get_msg("DRAFT", number) for number in (1, 2)]
    assert [each.headers["correlation_id"] for each in stored] == ["order%2042", str(own_id)]
