import time

import httpx
import pytest
from service_devkit.testing import HANG_SECONDS, HttpStub, Reply, wait_until


async def test_answers_come_in_turn_and_the_last_one_stays(http_stub):
    http_stub.on(
        "POST",
        "/v1/things",
        Reply(status=429, headers={"retry-after": "2"}),
        Reply.of_json({"id": 1}, status=201),
    )
    async with httpx.AsyncClient(base_url=http_stub.url) as client:
        answers = [await client.post("/v1/things", json={"n": n}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [429, 201, 201]
    assert answers[0].headers["retry-after"] == "2"
    assert answers[2].json() == {"id": 1}


async def test_requests_are_kept_as_they_came(http_stub):
    http_stub.on("POST", "/v1/things", Reply())
    async with httpx.AsyncClient(base_url=http_stub.url) as client:
        await client.post("/v1/things?a=1&b=2", json={"text": "ü"}, headers={"X-Key": "k"})
    [request] = http_stub.requests
    assert (request.method, request.path, request.query) == ("POST", "/v1/things", "a=1&b=2")
    assert request.headers["x-key"] == "k"
    assert request.json() == {"text": "ü"}


async def test_an_answer_may_depend_on_the_request(http_stub):
    http_stub.on("POST", "/echo", lambda request: Reply(body=request.body * 2))
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{http_stub.url}/echo", content=b"ab")).content == b"abab"


async def test_what_was_not_told_is_404(http_stub):
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{http_stub.url}/other")).status_code == 404
    assert http_stub.requests[0].path == "/other"


async def test_a_hang_lasts_until_the_client_gives_up(http_stub):
    http_stub.on("GET", "/", Reply(fault="hang"))
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(http_stub.url, timeout=0.1)


async def test_half_a_body_is_an_error_of_the_transport(http_stub):
    http_stub.on("GET", "/", Reply(body=b"0123456789", fault="half_body"))
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError, match="received 5 bytes, expected 10"):
            await client.get(http_stub.url)


async def test_a_reset_is_an_error_of_the_transport(http_stub):
    http_stub.on("GET", "/", Reply(fault="reset"))
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ReadError):
            await client.get(http_stub.url)


async def test_a_late_answer_comes_late(http_stub):
    http_stub.on("GET", "/", Reply(delay_seconds=0.1))
    started_at = time.monotonic()
    async with httpx.AsyncClient() as client:
        assert (await client.get(http_stub.url)).status_code == 200
    assert time.monotonic() - started_at >= 0.1


async def test_leaving_does_not_wait_for_hanging_requests():
    async with httpx.AsyncClient() as client, HttpStub() as stub:
        stub.on("GET", "/", Reply(fault="hang"))
        with pytest.raises(httpx.ReadTimeout):
            await client.get(stub.url, timeout=0.1)
        await wait_until(lambda: stub.requests)
        started_at = time.monotonic()
    assert time.monotonic() - started_at < HANG_SECONDS


async def test_an_error_in_an_answer_fails_the_test():
    def answer(request):
        raise ValueError(request.path)

    async def ask():
        async with httpx.AsyncClient() as client, HttpStub() as stub:
            stub.on("GET", "/wrong", answer)
            with pytest.raises(httpx.TransportError):
                await client.get(f"{stub.url}/wrong")

    with pytest.raises(ExceptionGroup, match="HttpStub failed"):
        await ask()
