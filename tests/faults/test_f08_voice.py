"""F2, F4, F8, F13 for voice-svc: stopped, replayed, refilled and doubled, nothing is made twice."""

import asyncio
from time import monotonic

import pytest
from nats.js.errors import NotFoundError
from service_devkit.testing.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]
CHANGES = ("POST", "PATCH", "DELETE")


def changes(fake):
    """Return what the vendor was asked to change."""
    return [name for name in fake.state()["requests"] if name.startswith(CHANGES)]


async def test_a_stop_under_load_takes_less_than_10_seconds_and_doubles_nothing(voices, connection):
    async with voices.cast(connection) as cast:
        await voices.start()
        personas = [await cast.create(f"Persona {number}") for number in range(40)]
        await wait_until(lambda: len(cast.mine()) > 3)
        asked_at = monotonic()
        await voices.stop()
        assert monotonic() - asked_at < 10
        assert "service.stopped" in voices.processes[0].log()
        await voices.start()
        await voices.until_in_step(cast, personas)
        assert voices.account(cast, personas) == []


async def test_two_replicas_make_each_agent_once(new_voices, database, nats_url, connection):
    voices = new_voices(database("voice_svc"), nats_url, replicas=2)
    async with voices.cast(connection) as cast:
        await voices.start()
        personas = [await cast.create(f"Persona {number}") for number in range(40)]
        await wait_until(lambda: len(cast.mine()) > 5)
        await asyncio.to_thread(voices.processes[1].kill)
        personas = [await cast.edit(who, greeting="Hello.") for who in personas]
        await voices.until_in_step(cast, personas)
        assert voices.account(cast, personas) == []


async def test_events_that_come_again_change_nothing(voices, connection):
    async with voices.cast(connection) as cast:
        await voices.start()
        await cast.js.purge_stream("PERSONA")  # of what other tests told
        nova = await cast.create()
        for number in range(5):
            nova = await cast.edit(nova, greeting=f"Hello {number}.")
        gone = await cast.create("Gone")
        await voices.until_in_step(cast, [nova, gone])
        await cast.delete(gone)
        await voices.until_in_step(cast, [nova])
        await voices.stop()
        voices.fake.forget_counts()
        for name in ("created", "updated", "deleted"):
            await cast.js.delete_consumer("PERSONA", f"voice-svc_on_persona_{name}")
        voices.sql("delete from inbox")
        await voices.start()
        await wait_until(lambda: voices.sql("select count(*) from inbox")[0][0] >= 8)
        await voices.until_in_step(cast, [nova])
        assert voices.account(cast, [nova]) == []
        assert changes(voices.fake) == []


async def test_a_lost_stream_is_filled_again_and_the_vendor_does_not_notice(voices, connection):
    async with voices.cast(connection) as cast:
        await voices.start()
        personas = [await cast.create(f"Persona {number}") for number in range(5)]
        await voices.until_in_step(cast, personas)
        unpublished = "select count(*) from outbox where published_at is null"
        await wait_until(lambda: voices.sql(unpublished) == [(0,)])
        ((stored,),) = voices.sql("select count(*) from outbox")
        voices.fake.forget_counts()
        await cast.js.delete_stream("VOICE")

        async def is_filled():
            try:
                return (await cast.js.stream_info("VOICE")).state.messages >= stored
            except NotFoundError:
                return False

        await wait_until(is_filled)
        assert changes(voices.fake) == []
        assert voices.account(cast, personas) == []
