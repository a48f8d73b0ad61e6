"""Requests over core NATS are answered, each once, also after the broker was away."""

import asyncio
import contextlib
import json

import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError
from persona_client import NatsAddress
from pydantic import BaseModel, ConfigDict
from service_devkit.testing.waiting import wait_until
from service_kit.broker import Broker
from service_kit.errors import NotFoundError
from service_kit.rpc import MAX_RUNNING, RpcRouter
from service_kit.store import Store
from sqlalchemy.exc import OperationalError

pytestmark = pytest.mark.processes
QUICK = {"word": "quick"}


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str


class Reply(BaseModel):
    word: str
    by: str | None = None


async def upper(question, by):
    return Reply(word=question.word.upper(), by=by)


@contextlib.asynccontextmanager
async def connected(url):
    client = Client()
    await client.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
    yield client
    await client.close()


@contextlib.asynccontextmanager
async def answering(url, answer, subject="rpc.test", deps=None):
    """Answer requests on `subject`, as a replica of the group `q`."""
    rpc = RpcRouter("q")
    rpc.subscriber(subject, Question)(answer)
    broker = Broker(
        NatsAddress.parse(url), Store("postgresql://nobody@127.0.0.1:1/none", "note-svc")
    )
    broker.include_rpc(rpc, deps)
    await broker.start()
    await broker.consume()
    for _ in range(2):  # the first PING of nats-py may overtake the subscription
        await broker._consuming.flush()
    yield broker
    await broker.stop()


async def ask(client, body, subject="rpc.test"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return json.loads((await client.request(subject, raw, timeout=120)).data)


async def test_replicas_share_the_requests(nats_url):
    async with (
        connected(nats_url) as client,
        answering(nats_url, upper, "rpc.share", "first"),
        answering(nats_url, upper, "rpc.share", "second"),
    ):
        answers = [await ask(client, QUICK, "rpc.share") for _ in range(100)]
    assert {answer["word"] for answer in answers} == {"QUICK"}
    assert {answer["by"] for answer in answers} == {"first", "second"}


async def test_a_slow_answer_holds_up_nobody(nats_url):
    asked, blocked = asyncio.Event(), asyncio.Event()

    async def answer(question, _):
        if question.word == "slow":
            asked.set()
            await blocked.wait()
        return Reply(word=question.word)

    async with connected(nats_url) as client, answering(nats_url, answer, "rpc.slow"):
        slow = asyncio.create_task(ask(client, {"word": "slow"}, "rpc.slow"))
        await asked.wait()
        for _ in range(2 * MAX_RUNNING):
            assert await ask(client, QUICK, "rpc.slow") == QUICK
        blocked.set()
        assert await slow == {"word": "slow"}


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (NotFoundError("no such thing"), "not-found"),
        (OperationalError("select", {}, Exception("away")), "database-unavailable"),
        (RuntimeError("a bug"), "internal"),
    ],
)
async def test_what_goes_wrong_is_an_answer_and_costs_only_itself(nats_url, raised, told):
    async def answer(question, _):
        if question.word == "bad":
            raise raised
        return Reply(word=question.word)

    async with connected(nats_url) as client, answering(nats_url, answer, "rpc.fail"):
        assert await ask(client, {"word": "bad"}, "rpc.fail") == {"error": told}
        assert await ask(client, QUICK, "rpc.fail") == QUICK


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{not json", "invalid: not JSON"),
        ({}, "invalid: word"),
        ({"word": 1, "more": 2}, "invalid: more, word"),
    ],
)
async def test_a_request_that_cannot_be_read_is_told_its_fields(nats_url, body, told):
    async with connected(nats_url) as client, answering(nats_url, upper, "rpc.form"):
        assert await ask(client, body, "rpc.form") == {"error": told}


async def test_an_answer_that_has_begun_is_given_before_the_process_ends(nats_url):
    asked, blocked = asyncio.Event(), asyncio.Event()

    async def answer(question, _):
        asked.set()
        await blocked.wait()
        return Reply(word=question.word)

    async with connected(nats_url) as client, answering(nats_url, answer, "rpc.end") as broker:
        request = asyncio.create_task(ask(client, QUICK, "rpc.end"))
        await asked.wait()
        stopping = asyncio.create_task(broker.stop())
        await asyncio.sleep(0)
        blocked.set()
        assert await request == QUICK
        await stopping


async def test_it_answers_again_when_the_broker_is_back(fresh_nats):
    async with connected(fresh_nats.url) as asking, answering(fresh_nats.url, upper):
        fresh_nats.kill()
        fresh_nats.start()

        async def answered():
            with contextlib.suppress(NoRespondersError, TimeoutError):
                body = json.dumps(QUICK).encode()
                answer = await asking.request("rpc.test", body, timeout=0.5)
                return json.loads(answer.data)["word"] == "QUICK"
            return False

        await wait_until(answered, 120)
