"""Whatever a vendor's server does, a call ends in time and says so, without the key."""

import asyncio
import json
from time import monotonic

import pytest
from pydantic import BaseModel, SecretStr
from service_devkit.testing.http_stub import Reply
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.errors import InvalidError, OverloadedError, UpstreamError
from service_kit.upstream import MAX_VENDOR_CHARS, JsonUpstream

KEY = "sk-only-for-the-vendor"
PATH = "/v1/things"
AT_ONCE = 200


class Thing(BaseModel):
    name: str


class NotTakenError(InvalidError):
    """The vendor did not take it."""

    slug = "not-taken"


@pytest.fixture
def timeout_seconds():
    return 1.0


@pytest.fixture
async def upstream(http_stub, timeout_seconds):
    opened = JsonUpstream(
        name="the vendor",
        base_url=f"{http_stub.url}/v1/",
        api_key=SecretStr(KEY),
        timeout_seconds=timeout_seconds,
        refused=NotTakenError,
    )
    yield opened
    await opened.close()


def answer(status, body, **headers):
    return Reply(status=status, headers=headers, body=json.dumps(body).encode())


def ask(upstream):
    return upstream.post("/things", {"text": "Grüße"}, Thing)


async def test_an_answer_is_what_it_is_read_as(http_stub, upstream):
    http_stub.on("POST", PATH, Reply.of_json({"name": "a", "more": 1}))
    assert await ask(upstream) == Thing(name="a")
    (request,) = http_stub.requests
    assert request.json() == {"text": "Grüße"}
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(upstream)


@pytest.mark.parametrize("status", [408, 429, 503, 529])
async def test_a_server_with_too_much_to_do_is_overloaded(http_stub, upstream, status):
    http_stub.on("POST", PATH, answer(status, {}, **{"retry-after": "7"}))
    with pytest.raises(OverloadedError, match=f"the vendor.* {status}") as raised:
        await ask(upstream)
    assert raised.value.extra == {"retry_after_seconds": 7}


@pytest.mark.parametrize(
    "reply",
    [
        answer(500, {}),
        Reply(body=b'{"name": "a"}', fault="half_body"),
        Reply(fault="reset"),
        Reply(body=b"<html>"),
        Reply(body=b"\xff"),
        Reply.of_json({"name": None}),
    ],
)
async def test_what_may_pass_is_worth_another_try(http_stub, upstream, reply):
    http_stub.on("POST", PATH, reply)
    with pytest.raises(UpstreamError, match="the vendor") as raised:
        await ask(upstream)
    assert not isinstance(raised.value, OverloadedError)
    assert raised.value.extra == {}
    assert len(http_stub.requests) == 1


async def test_nobody_listening_is_worth_another_try(upstream, http_stub):
    await http_stub.__aexit__()
    with pytest.raises(UpstreamError, match="the vendor"):
        await ask(upstream)


@pytest.mark.parametrize(
    "reply",
    [Reply(fault="hang"), Reply.of_json({"name": "a"}, delay_seconds=2 * HANG_SECONDS)],
)
async def test_a_call_ends_by_its_deadline(http_stub, upstream, reply):
    http_stub.on("POST", PATH, reply)
    started_at = monotonic()
    with pytest.raises(OverloadedError, match="no answer in 1 s"):
        await ask(upstream)
    assert monotonic() - started_at < HANG_SECONDS


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": f"bad key {KEY}"}}, "400: bad key ***"),
        ({"error": f"no {KEY}"}, "400: no ***"),
        ({"message": "no"}, "400: no"),
        ({"detail": "a\x00b\n c"}, "400: a b c"),
        ({"detail": [1]}, "400: without a message"),
        ("x" * 1_000, "400: " + "x" * MAX_VENDOR_CHARS),
    ],
)
async def test_a_refusal_has_the_vendors_words_and_never_the_key(http_stub, upstream, body, words):
    http_stub.on("POST", PATH, answer(400, body))
    with pytest.raises(NotTakenError) as raised:
        await ask(upstream)
    assert str(raised.value) == f"the vendor's server answered {words}"


async def test_a_refusal_that_is_no_json_is_quoted(http_stub, upstream):
    http_stub.on("POST", PATH, Reply(status=403, body=f"<b>no {KEY}</b>".encode()))
    with pytest.raises(NotTakenError, match=r"403: <b>no \*\*\*</b>"):
        await ask(upstream)


@pytest.mark.parametrize("timeout_seconds", [HANG_SECONDS])
async def test_many_calls_are_under_way_at_once(http_stub, upstream):
    http_stub.on("POST", PATH, Reply(fault="hang"))
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(ask(upstream)) for _ in range(AT_ONCE)]
        await wait_until(lambda: len(http_stub.requests) == AT_ONCE)
        for call in calls:
            call.cancel()
