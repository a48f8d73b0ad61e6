"""A broker whose store was lost gets back what the service needs and what it had published."""

from contextlib import suppress
from dataclasses import replace

from faststream.nats import JStream, NatsBroker
from messaging.harness import Probe
from nats.errors import TimeoutError as NatsTimeoutError
from notes import rejected, replied
from service_devkit.testing.waiting import wait_until
from service_kit.outbox import publish
from service_kit.topology import ACK_WAIT_SECONDS, STREAMS, ensure_consumer, find_drift
from structlog.testing import capture_logs


async def test_a_lost_store_is_rebuilt_and_refilled_without_a_restart(probe, fresh_nats):
    for number in range(30):
        await probe.send(replied(f"m{number}"))
    await probe.until_stored("DRAFT", 30)
    async with probe.store.worker() as session:
        await publish(session, rejected("own"))
    await probe.until_stored("DRAFT", 31)

    fresh_nats.kill()
    fresh_nats.delete_store()
    fresh_nats.start()

    await probe.until_stored("DRAFT", 31)
    await probe.until_stored("CRM", 0)

    async def consumes_again():
        await probe.send(replied("after"))
        return await probe.count("note") == 31

    await wait_until(consumes_again)
    await probe.until_stored("DRAFT", 32)


async def test_a_consumer_gets_the_ack_wait_of_the_settings_even_if_it_exists(probe):
    js = probe.broker.js
    await ensure_consumer(js, replace(probe.durable, ack_wait_seconds=7))
    info = await js.consumer_info(probe.durable.stream, probe.durable.name)
    assert info.config.ack_wait == 7
    await probe.reconciler.once()
    info = await js.consumer_info(probe.durable.stream, probe.durable.name)
    assert info.config.ack_wait == ACK_WAIT_SECONDS


async def stock_faststream_app(url):
    """A subscriber of another team on every stream, with FastStream's defaults: it declares."""
    app = NatsBroker(url, logger=None)
    for name, config in STREAMS.items():
        if name == "ADVISORY":
            continue  # the server forbids others to take its subjects

        @app.subscriber(config.subjects[0], stream=JStream(name))
        async def handle(message: object) -> None:
            del message

    await app.start()
    return app


async def test_streams_that_somebody_else_declared_are_as_declared_again(database, fresh_nats):
    probe = Probe(database("note_svc").login_url, fresh_nats.url)
    await probe.start()
    await probe.stop_reconciling()  # what is changed while it looks is restored at once
    await probe.reconciler.once()
    app = await stock_faststream_app(fresh_nats.url)
    drift = await find_drift(probe.broker.js)
    assert {("DRAFT", "allow_atomic"), ("PERSONA", "max_age")} <= {
        (d.stream, d.field) for d in drift
    }
    async with probe.store.worker() as session:
        await publish(session, *(rejected(f"m{number}") for number in range(40)))
    await probe.until_stored("DRAFT", 40)
    await probe.reconciler.once()
    assert await find_drift(probe.broker.js) == []
    assert await probe.stored("DRAFT") == 40
    await app.stop()
    await probe.stop()


async def test_a_service_that_may_not_create_leaves_streams_as_they_are(probe):
    other = replace(STREAMS["DRAFT"], max_age=600)
    await probe.stop_reconciling()
    await probe.broker.js.update_stream(other)
    follower = probe.sibling(creates=False)
    await follower.broker.start()
    with capture_logs() as logs:
        await follower.reconciler.once()
        await follower.reconciler.once()
    drifted = [entry for entry in logs if entry["event"] == "stream.drifted"]
    assert drifted == [
        {
            "event": "stream.drifted",
            "log_level": "warning",
            "stream": "DRAFT",
            "field": "max_age",
            "declared": STREAMS["DRAFT"].max_age,
            "found": 600,
        }
    ]
    left = [each for each in await find_drift(probe.broker.js) if each.stream == "DRAFT"]
    assert [(each.field, each.found) for each in left] == [("max_age", 600)]
    await follower.stop()


async def test_a_consumer_that_does_not_get_on_is_degraded_until_it_does(probe, monkeypatch):
    monkeypatch.setattr("service_kit.reconcile.STALLED_SECONDS", 0)
    await probe.send(replied("m", text="too early"))
    name = f"consumer:{probe.durable.name}"

    async def degraded():
        with suppress(NatsTimeoutError):  # an answer of a busy broker may come too late
            await probe.reconciler.once()
        return name in probe.health._degraded

    await wait_until(degraded)
    assert "unacknowledged for" in probe.health._degraded[name]
    await probe.until_idle()
    assert not await degraded()


async def test_what_is_there_already_is_left_as_it_is(probe):
    before = (await probe.broker.js.stream_info("DRAFT")).created
    await probe.reconciler.once()
    assert (await probe.broker.js.stream_info("DRAFT")).created == before
    assert await probe.query("select stream from stream_seen") == [("DRAFT",)]
