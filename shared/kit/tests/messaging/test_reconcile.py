"""A broker whose store was lost gets back what the service needs and what it had published."""

from dataclasses import replace

from probe_svc.jobs import rejected, replied
from service_devkit.testing.waiting import wait_until
from service_kit.outbox import publish
from service_kit.topology import ACK_WAIT_SECONDS, ensure_consumer


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
        return await probe.count("job") == 31

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


async def test_what_is_there_already_is_left_as_it_is(probe):
    before = (await probe.broker.js.stream_info("DRAFT")).created
    await probe.reconciler.once()
    assert (await probe.broker.js.stream_info("DRAFT")).created == before
    assert await probe.query("select stream from stream_seen") == [("DRAFT",)]
