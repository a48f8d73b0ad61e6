"""A model's stream: words as they come, one deadline, named errors, an end that is an end."""

import pytest
from persona_model.client import ModelClient
from persona_model.endpoint import ModelEndpoint, ModelPrice
from persona_model.errors import ModelRefusedError
from pydantic import SecretStr
from service_devkit.testing.http_stub import Reply
from service_kit.errors import OverloadedError, UpstreamError

PATH = "/v1/chat/completions"
ASKED = [("system", "You are Anna."), ("user", "Hello?")]


def part(text=None, end=None, **delta):
    choice = {"index": 0, "delta": {"content": text, **delta}, "finish_reason": end}
    return {"id": "c", "model": "m-1", "choices": [choice]}


COUNTED = {"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 100}}


@pytest.fixture
async def client(http_stub):
    opened = ModelClient(
        ModelEndpoint(
            api_key=SecretStr("sk-only-for-the-model"),
            model="m",
            base_url=f"{http_stub.url}/v1",
            timeout_seconds=1,
            prices={"m": ModelPrice(input_usd_per_million=2, output_usd_per_million=8)},
        )
    )
    yield opened
    await opened.close()


async def streamed(client):
    return [part async for part in client.stream(None, ASKED, client.options(max_tokens=9))]


async def test_parts_come_in_order_with_their_end_and_what_was_counted(client, http_stub):
    http_stub.on(
        "POST", PATH, Reply.of_events(part("It "), part("costs."), part(end="stop"), COUNTED)
    )
    parts = await streamed(client)
    assert "".join(each.text for each in parts) == "It costs."
    assert [each.end for each in parts] == [None, None, "stop", None]
    assert client.usage(None, parts[-1].usage).cost_microusd == 2_800
    (request,) = http_stub.requests
    sent = request.json()
    assert sent["stream"] is True
    assert sent["max_completion_tokens"] == 9
    assert [turn["role"] for turn in sent["messages"]] == ["developer", "user"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=400), ModelRefusedError),
        (Reply(status=429), OverloadedError),
        (Reply(status=500), UpstreamError),
        (Reply(fault="reset"), UpstreamError),
        (Reply(fault="hang"), OverloadedError),
        (Reply.of_events(part("It "), done=False), UpstreamError),
        (Reply.of_events({"choices": "none"}), UpstreamError),
        (Reply.of_events(*[part("It ")] * 50, part_seconds=0.1), OverloadedError),
    ],
    ids=["400", "429", "500", "reset", "hang", "cut", "unreadable", "slow"],
)
async def test_what_goes_wrong_has_its_name(client, http_stub, reply, error):
    http_stub.on("POST", PATH, reply)
    with pytest.raises(error) as raised:
        await streamed(client)
    assert "sk-only" not in str(raised.value)


@pytest.mark.parametrize("last", [part(refusal="No."), part(end="content_filter")])
async def test_a_model_that_declines_is_told(client, http_stub, last):
    http_stub.on("POST", PATH, Reply.of_events(part("It "), last))
    with pytest.raises(ModelRefusedError):
        _ = [each.text for each in await streamed(client)]


async def test_a_stream_that_is_closed_ends_its_request(client, http_stub):
    http_stub.on("POST", PATH, Reply.of_events(*[part("word ")] * 1_000, part_seconds=0.01))
    parts = client.stream(None, ASKED, {})
    assert (await anext(parts)).text == "word "
    await parts.aclose()
    http_stub.on("POST", PATH, Reply.of_events(part("Yes."), part(end="stop")))
    assert "".join(each.text for each in await streamed(client)) == "Yes."
