"""The broker's side: batches as they come, what FastStream is used for, and both connections."""

import asyncio
from itertools import chain
from time import monotonic

import pytest
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsRouter, PullSub
from messaging.harness import Probe
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from persona_client.pull import PAUSE_SECONDS
from service_devkit.testing.waiting import wait_until
from service_kit.as_available import AsAvailable
from service_kit.broker import BrokerClosedError
from service_kit.topology import Durable, ensure_consumer, ensure_stream

pytestmark = pytest.mark.processes
LONG_SECONDS = 120
DURABLE = Durable(stream="CRM", name="available", filter_subjects=("lead.replied.v1.*",))


class NothingReplaced:
    async def unsubscribe(self):
        """There was no subscription before."""


class Stream:
    """One durable on its own broker, with what fetches from it."""

    def __init__(self, connection):
        self.js = connection.jetstream()
        self.connection = connection

    def source(self, batch=10):
        return AsAvailable(NothingReplaced(), self.connection, DURABLE, batch)

    async def send(self, *bodies, **headers):
        for body in bodies:
            await self.js.publish("lead.replied.v1.acme", body.encode(), headers=headers or None)


@pytest.fixture
async def stream(fresh_nats):
    connection = Client()
    await connection.connect(fresh_nats.url)
    js = connection.jetstream()
    await ensure_stream(js, "CRM")
    await ensure_consumer(js, DURABLE)
    yield Stream(connection)
    await connection.close()


def there(condition):
    async def is_there():
        return bool(condition())

    return is_there


async def cancelled_fetch(source, stream):
    """Have `source` send a request that nobody waits for any more."""
    fetch = asyncio.create_task(source.fetch(10, LONG_SECONDS))
    await wait_until(there(lambda: source._pull._requests == 1))
    for _ in range(2):
        await stream.connection.flush()
    fetch.cancel()
    await asyncio.wait([fetch])


def bodies(messages):
    return [msg.data.decode() for msg in messages]


async def test_a_fetch_gives_what_is_there_and_its_rest_at_once(stream):
    await stream.send("a", "b", "c")
    source = stream.source()
    assert bodies(await source.fetch(10, LONG_SECONDS)) == ["a", "b", "c"]
    with pytest.raises(NatsTimeoutError):
        await source.fetch(7, LONG_SECONDS)


async def test_a_fetch_waits_for_the_first_message_and_ends_without_one(stream):
    source = stream.source()
    with pytest.raises(NatsTimeoutError):
        await source.fetch(10, 0.3)
    waiting = asyncio.create_task(source.fetch(10, LONG_SECONDS))
    await asyncio.sleep(0)
    await stream.send("a")
    assert bodies(await waiting) == ["a"]


async def test_more_than_a_batch_comes_in_batches(stream):
    numbers = [str(number) for number in range(25)]
    await stream.send(*numbers)
    source = stream.source()
    batches = [bodies(await source.fetch(10, LONG_SECONDS)) for _ in range(3)]
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert list(chain(*batches)) == numbers


async def test_a_message_with_a_status_header_is_a_message(stream):
    await stream.send("a", Status="408")
    assert bodies(await stream.source().fetch(10, LONG_SECONDS)) == ["a"]


async def test_a_fetch_that_was_cancelled_loses_nothing(stream):
    source = stream.source()
    await cancelled_fetch(source, stream)
    await stream.send("a")
    assert bodies(await source.fetch(10, LONG_SECONDS)) == ["a"]


async def test_what_has_come_and_was_not_fetched_is_given_back_at_the_end(stream):
    source = stream.source()
    await cancelled_fetch(source, stream)
    await stream.send("a")
    await wait_until(there(lambda: source._pull._messages))
    await source.unsubscribe()
    assert bodies(await stream.source().fetch(10, LONG_SECONDS)) == ["a"]


async def test_it_asks_seldom_while_the_consumer_is_gone_and_goes_on_when_it_is_back(stream):
    source = stream.source()
    await stream.js.delete_consumer("CRM", DURABLE.name)
    begun = monotonic()
    for _ in range(3):
        with pytest.raises(NatsTimeoutError):
            await source.fetch(10, LONG_SECONDS)
    assert monotonic() - begun >= 3 * PAUSE_SECONDS
    await ensure_consumer(stream.js, DURABLE)
    await stream.send("a")
    assert bodies(await source.fetch(10, LONG_SECONDS)) == ["a"]


class Recorded:
    """In the place of a subscription: notes what FastStream asks of it, and has one batch."""

    def __init__(self, replaced):
        self.replaced = replaced
        self.calls = []
        self.unsubscribed = False

    async def fetch(self, batch, timeout):  # noqa: ASYNC109 — FastStream's call
        self.calls.append((batch, timeout))
        if len(self.calls) == 1:
            return await self.replaced.fetch(3, LONG_SECONDS)
        await asyncio.sleep(timeout)
        raise NatsTimeoutError

    async def unsubscribe(self):
        self.unsubscribed = True
        await self.replaced.unsubscribe()


@pytest.fixture
async def shell(fresh_nats):
    """FastStream as the kit sets it up."""
    return NatsBroker(
        fresh_nats.url,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=5,
        apply_types=False,
        logger=None,
    )


async def raw(message):
    return message.raw_message


async def test_faststream_asks_for_batches_as_the_kit_relies_on(stream, shell):
    begun, blocked, handled = asyncio.Event(), asyncio.Event(), list[str]()

    async def handle(messages):
        begun.set()
        await blocked.wait()
        handled.extend(bodies(messages))

    router = NatsRouter()
    subscriber = router.subscriber(
        config=DURABLE.config(),
        durable=DURABLE.name,
        stream=JStream("CRM", declare=False),
        pull_sub=PullSub(10, timeout=1, batch=True),
        ack_policy=AckPolicy.MANUAL,
        decoder=raw,
    )
    subscriber(handle)
    shell.include_router(router)
    assert await shell.connect() is shell.connection
    assert subscriber.subscription is None
    await stream.send("a", "b", "c")
    await subscriber.start()
    recorded = subscriber.subscription = Recorded(subscriber.subscription)
    await begun.wait()
    assert [batch for batch, _ in recorded.calls] == [10, 7], "asked, and for the rest, before"
    assert recorded.calls[1][1] <= recorded.calls[0][1] <= 1

    stopping = asyncio.create_task(shell.stop())
    await asyncio.wait([stopping], timeout=0.1)
    assert not stopping.done(), "the batch in hand is finished first"
    blocked.set()
    await stopping
    assert handled == ["a", "b", "c"]
    waiting = (await stream.js.consumer_info("CRM", DURABLE.name)).num_ack_pending
    assert (recorded.unsubscribed, waiting) == (True, 3), "only the handler acknowledges"


async def test_faststream_answers_requests_as_the_kit_relies_on(stream, shell):
    async def handle(body):
        return body + b"!"

    async def body_of(message):
        return message.body

    router = NatsRouter()
    subscriber = router.subscriber("rpc.test", "group", max_workers=2, decoder=body_of)
    subscriber(handle)
    shell.include_router(router)
    await shell.connect()
    await subscriber.start()
    for _ in range(2):  # the first PING of nats-py may overtake the subscription
        await shell.connection.flush()
    answer = await stream.connection.request("rpc.test", b"hello", timeout=LONG_SECONDS)
    assert answer.data == b"hello!"
    await shell.stop()


@pytest.mark.parametrize("connection", ["publishing", "_consuming"])
async def test_with_one_connection_of_two_lost_the_broker_is_degraded(
    database, fresh_nats, connection
):
    probe = Probe(database("note_svc").login_url, fresh_nats.url)
    await probe.start()
    assert probe.broker.is_connected
    await getattr(probe.broker, connection).close()
    assert not probe.broker.is_connected
    await wait_until(there(lambda: "broker" in probe.health._degraded))
    await probe.stop()


async def test_a_connection_that_the_broker_closed_for_good_ends_the_process(database, fresh_nats):
    probe = Probe(database("note_svc").login_url, fresh_nats.url)
    await probe.start()
    ended = probe.background(probe.broker.until_closed())
    large = {"x": "x" * 2 * 1024 * 1024}
    await probe.broker.publishing.publish("draft.rejected.v1.acme", b"", headers=large)
    with pytest.raises(BrokerClosedError):
        await ended
    await probe.stop()


async def test_a_process_that_stops_itself_was_not_cut_off(database, fresh_nats):
    probe = Probe(database("note_svc").login_url, fresh_nats.url)
    await probe.start()
    ended = asyncio.create_task(probe.broker.until_closed())
    await probe.stop()
    assert not ended.done()
    ended.cancel()


async def test_a_process_can_end_while_the_broker_is_away(database, fresh_nats):
    probe = Probe(database("note_svc").login_url, fresh_nats.url)
    await probe.start()
    fresh_nats.kill()
    await wait_until(there(lambda: not probe.broker.is_connected))
    await probe.stop()
