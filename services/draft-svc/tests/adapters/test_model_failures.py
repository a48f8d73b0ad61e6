"""F7: whatever a model's server does, a call ends in time and says so, without the key."""

import asyncio
import json
from datetime import timedelta
from email.utils import format_datetime
from time import monotonic

import pytest
from briefs import brief
from draft_svc.adapters.openai_writer import OpenAIWriter
from persona_model.endpoint import ModelEndpoint
from persona_model.errors import ModelRefusedError
from pydantic import SecretStr
from service_devkit.testing.http_stub import Reply
from service_devkit.testing.waiting import HANG_SECONDS, wait_until
from service_kit.clock import utc_now
from service_kit.errors import UpstreamError

KEY = "sk-only-for-the-model"
WORDS = "Our board meets on Thursday."
DEADLINE_SECONDS = 1.0
PATH = "/v1/chat/completions"


def completion(finish_reason="stop", **message):
    message = {"role": "assistant", "content": "It costs 49 EUR.", **message}
    choice = {"index": 0, "message": message}
    if finish_reason:
        choice["finish_reason"] = finish_reason
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def answered(**values):
    return Reply.of_json(completion(**values))


def refused(status, message="no", **headers):
    body = json.dumps({"error": {"message": message, "type": "t", "code": None}}).encode()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers={"content-type": "application/json", **headers}, body=body)


@pytest.fixture
async def writer(http_stub):
    opened = OpenAIWriter(
        ModelEndpoint(
            api_key=SecretStr(KEY),
            model="m",
            base_url=f"{http_stub.url}/v1",
            timeout_seconds=DEADLINE_SECONDS,
        )
    )
    yield opened
    await opened.close()


TRIED_AGAIN = {
    "429": refused(429),
    "500": refused(500),
    "503": refused(503),
    "408": refused(408),
    "hang": Reply(fault="hang"),
    "slow": Reply.of_json(completion(), delay_seconds=2 * HANG_SECONDS),
    "half a body": Reply(body=json.dumps(completion()).encode(), fault="half_body"),
    "reset": Reply(fault="reset"),
    "no json": Reply(body=b"<html>busy</html>"),
    "other json": Reply.of_json({"choices": []}),
    "cut": answered(finish_reason="length"),
    "no finish_reason": answered(finish_reason=None),
    "empty": answered(content=""),
    "null": answered(content=None),
    "endless": answered(content="x" * 200_000),
}


@pytest.mark.parametrize("reply", TRIED_AGAIN.values(), ids=TRIED_AGAIN)
async def test_what_may_pass_is_tried_again_and_ends_by_the_deadline(http_stub, writer, reply):
    http_stub.on("POST", PATH, reply)
    started_at = monotonic()
    with pytest.raises(UpstreamError) as failure:
        await writer.write(brief(reply_text=WORDS), None)
    assert monotonic() - started_at < HANG_SECONDS
    assert "retry_after_seconds" not in failure.value.extra
    assert len(http_stub.requests) == 1  # the worker tries again, the client does not
    nothing_leaks(failure.value)


FINAL = {
    "400": refused(400, "Unsupported parameter: temperature"),
    "401": refused(401, f"Incorrect API key provided: {KEY}."),
    "404": refused(404, "The model m does not exist"),
    "declined": answered(content=None, refusal="I cannot help with that."),
    "filtered": answered(finish_reason="content_filter"),
}


@pytest.mark.parametrize("reply", FINAL.values(), ids=FINAL)
async def test_a_refusal_is_final_and_says_why(http_stub, writer, reply):
    http_stub.on("POST", PATH, reply)
    with pytest.raises(ModelRefusedError) as failure:
        await writer.write(brief(reply_text=WORDS), None)
    assert str(failure.value)
    nothing_leaks(failure.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "86400"}, 300),
        ({"retry_after": format_datetime(utc_now() - timedelta(hours=1), usegmt=True)}, 0),
    ],
)
async def test_the_wait_that_a_server_asks_for_is_passed_on(http_stub, writer, headers, seconds):
    http_stub.on("POST", PATH, refused(429, **headers))
    with pytest.raises(UpstreamError) as failure:
        await writer.plan(brief())
    assert failure.value.extra["retry_after_seconds"] == seconds


async def test_a_call_that_hangs_holds_up_no_other(http_stub, writer):
    http_stub.on("POST", PATH, Reply(fault="hang"), answered())
    hanging = asyncio.create_task(writer.write(brief(), None))
    await wait_until(lambda: http_stub.requests)
    written = await writer.write(brief(), None)
    assert written.body == "It costs 49 EUR."
    assert not hanging.done()
    with pytest.raises(UpstreamError):
        await hanging


def nothing_leaks(error):
    shown = f"{error} {error.extra}"
    assert KEY not in shown
    assert WORDS not in shown


async def test_the_connections_are_open_until_the_service_stops(http_stub, writer):
    http_stub.on("POST", PATH, answered())
    kept_open = asyncio.create_task(writer.keep_open())
    assert (await writer.write(brief(), None)).body
    assert not kept_open.done()
    kept_open.cancel()
    with pytest.raises(asyncio.CancelledError):
        await kept_open
    with pytest.raises(RuntimeError, match="closed"):
        await writer.write(brief(), None)
    assert len(http_stub.requests) == 1
