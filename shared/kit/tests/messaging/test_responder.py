"""Requests over core NATS are answered, each once, also after the broker was away."""

import asyncio
import contextlib

import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.responder import MAX_RUNNING, Responder

pytestmark = pytest.mark.processes


@contextlib.asynccontextmanager
async def connected(url):
    client = Client()
    await client.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
    yield client
    await client.close()


async def upper(body):
    return body.upper()


async def test_replicas_share_the_requests(nats_url):
    answered = {"a": 0, "b": 0}

    def named(name):
        async def answer(body):
            answered[name] += 1
            return body

        return answer

    async with connected(nats_url) as first, connected(nats_url) as second:
        await Responder("rpc.share", "q", named("a")).subscribe(first)
        await Responder("rpc.share", "q", named("b")).subscribe(second)
        await first.flush()
        await second.flush()
        for number in range(100):
            assert (
                await first.request("rpc.share", b"%d" % number, timeout=HANG_SECONDS)
            ).data == b"%d" % number
    assert sum(answered.values()) == 100
    assert min(answered.values()) > 0


async def test_a_slow_answer_holds_up_nobody(nats_url):
    blocked = asyncio.Event()

    async def answer(body):
        if body == b"slow":
            await blocked.wait()
        return body

    async with connected(nats_url) as client:
        await Responder("rpc.slow", "q", answer).subscribe(client)
        slow = asyncio.create_task(client.request("rpc.slow", b"slow", timeout=HANG_SECONDS))
        for _ in range(2 * MAX_RUNNING):
            assert (
                await client.request("rpc.slow", b"quick", timeout=HANG_SECONDS)
            ).data == b"quick"
        blocked.set()
        assert (await slow).data == b"slow"


async def test_one_answer_that_fails_costs_only_itself(nats_url):
    async def answer(body):
        if body == b"bad":
            raise RuntimeError(body)
        return body

    async with connected(nats_url) as client:
        await Responder("rpc.fail", "q", answer).subscribe(client)
        with pytest.raises(TimeoutError):
            await client.request("rpc.fail", b"bad", timeout=0.2)
        assert (await client.request("rpc.fail", b"good", timeout=HANG_SECONDS)).data == b"good"


async def test_it_answers_again_when_the_broker_is_back(fresh_nats):
    async with connected(fresh_nats.url) as serving, connected(fresh_nats.url) as asking:
        await Responder("rpc.back", "q", upper).subscribe(serving)
        await serving.flush()
        fresh_nats.kill()
        fresh_nats.start()

        async def answered():
            with contextlib.suppress(NoRespondersError, TimeoutError):
                return (await asking.request("rpc.back", b"hello", timeout=0.5)).data == b"HELLO"
            return False

        await wait_until(answered)
