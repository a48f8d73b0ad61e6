import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from service_kit.guard import LONG_BODY_BYTES, MAX_BODY_BYTES

JSON = {"content-type": "application/json"}


def problem(response: httpx.Response) -> dict:
    document = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert document["status"] == response.status_code
    assert document["title"]
    assert document["detail"]
    assert document["type"].startswith("urn:dramatis:problem:")
    return document


def kind(response: httpx.Response) -> str:
    return problem(response)["type"].removeprefix("urn:dramatis:problem:")


async def test_unknown_address_is_404_and_names_the_path(client) -> None:
    response = await client.get("/api/note")
    assert response.status_code == 404
    assert kind(response) == "route-not-found"
    assert "/api/note" in response.json()["detail"]


async def test_wrong_address_is_404_even_without_a_token(client) -> None:
    response = await client.get("/api/note", headers={"Authorization": ""})
    assert response.status_code == 404


async def test_wrong_method_is_405_with_every_method_of_the_address(client) -> None:
    response = await client.delete("/api/plain/things/1")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, PATCH, PUT"
    assert kind(response) == "method-not-allowed"


async def test_missing_thing_has_the_title_and_detail_of_its_cause(client) -> None:
    response = await client.get("/api/plain/things/3")
    assert response.status_code == 404
    assert problem(response) == {
        "type": "urn:dramatis:problem:not-found",
        "title": "There is no such thing in this workspace.",
        "status": 404,
        "detail": "There is no thing 3.",
        "help": "/docs/errors#not-found",
    }


async def test_invalid_field_is_422_with_its_path_and_the_mend(client) -> None:
    response = await client.post(
        "/api/plain/voices", json={"name": "n", "voice": {"settings": {"stability": 50.0}}}
    )
    assert response.status_code == 422
    document = problem(response)
    assert document["errors"] == [
        {
            "field": "voice.settings.stability",
            "message": "Input should be less than or equal to 1",
        }
    ]
    assert document["detail"].startswith("voice.settings.stability: ")


async def test_every_invalid_field_is_named(client) -> None:
    response = await client.post("/api/plain/voices", json={"nmae": "n"})
    assert {error["field"]: error["message"] for error in problem(response)["errors"]} == {
        "name": "is required",
        "nmae": "is not a known field: remove it or check its spelling",
    }


async def test_own_rule_is_told_in_its_own_words(client) -> None:
    response = await client.post(
        "/api/plain/voices", json={"name": "n", "voice": {"settings": {"stability": 0.25}}}
    )
    assert problem(response)["errors"][0]["message"] == "a quarter is not possible: use 0.2 or 0.3"


async def test_invalid_input_is_not_repeated_in_the_problem(client) -> None:
    response = await client.post("/api/plain/voices", json={"name": ["secret words"]})
    assert response.status_code == 422
    assert "secret words" not in response.text


async def test_query_and_path_parameters_are_named_without_their_source(client) -> None:
    assert problem(await client.get("/api/plain/pages?limit=0"))["errors"][0]["field"] == "limit"
    assert problem(await client.get("/api/plain/things/x"))["errors"][0]["field"] == "number"


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": ',
        b'{"name": "\xff\xfe"}',
        b'{"name": "\x00"}',
        b"[" * 10_000,
        b'{"name": ' + b"1" * 5_000 + b"}",
    ],
    ids=["cut", "not-utf8", "raw-nul", "deep", "huge-number"],
)
async def test_unreadable_body_is_400(client, body: bytes) -> None:
    response = await client.post("/api/plain/voices", content=body, headers=JSON)
    assert response.status_code == 400
    assert kind(response) == "malformed"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", None])
async def test_body_that_is_not_json_is_415(client, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    response = await client.post("/api/plain/voices", content=b"name=n", headers=headers)
    assert response.status_code == 415
    assert kind(response) == "unsupported-media-type"


@pytest.mark.parametrize(
    "address", ["/api/plain/things/%00", "/api/plain/pages?after=%00", "/%00", "/docs/assets/%00"]
)
async def test_nul_in_the_address_is_400(client, address: str) -> None:
    assert kind(await client.get(address)) == "malformed"


async def test_address_that_is_not_utf8_is_a_client_error(client) -> None:
    for address in ("/api/plain/things/%ff%fe", "/%ff", "/api/plain/pages?after=%ff"):
        response = await client.get(address)
        assert 400 <= response.status_code < 500
        problem(response)


async def test_unexpected_error_is_a_bare_500_and_its_traceback_is_logged(client, logs) -> None:
    response = await client.get("/api/plain/fail")
    assert response.status_code == 500
    assert kind(response) == "internal"
    assert "the reason" not in response.text
    (entry,) = [item for item in logs if item["event"] == "request.crashed"]
    assert isinstance(entry["exc_info"], RuntimeError)


async def test_database_away_is_503_with_retry_after(client) -> None:
    response = await client.get("/api/notes")
    assert response.status_code == 503
    assert kind(response) == "database-unavailable"
    assert response.headers["retry-after"] == "5"


async def test_oversized_body_is_413_when_announced_and_when_not(client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * (MAX_BODY_BYTES // 2)

    announced = await client.post("/api/plain/voices", content=b" " * (MAX_BODY_BYTES + 1))
    streamed = await client.post("/api/plain/voices", content=chunks(), headers=JSON)
    unread = await client.request("GET", "/livez", content=b" " * (LONG_BODY_BYTES + 1))
    for response, limit in (
        (announced, MAX_BODY_BYTES), (streamed, MAX_BODY_BYTES), (unread, LONG_BODY_BYTES),
    ):  # fmt: skip
        assert response.status_code == 413
        assert kind(response) == "too-large"
        assert str(limit) in response.json()["detail"]


async def test_who_has_no_token_is_told_so_whatever_length_is_announced(client) -> None:
    for size in (MAX_BODY_BYTES + 1, LONG_BODY_BYTES):
        response = await client.post(
            "/api/plain/voices", content=b" " * size, headers={"Authorization": ""}
        )
        assert response.status_code == 401


async def test_body_of_the_largest_size_is_read(client) -> None:
    body = json.dumps({"name": "n"}).encode().ljust(MAX_BODY_BYTES)
    response = await client.post("/api/plain/voices", content=body, headers=JSON)
    assert response.status_code == 200


@pytest.mark.processes
async def test_value_that_postgres_cannot_store_is_422(stored) -> None:
    response = await stored.post("/api/notes", json={"name": "a\0b"})
    assert response.status_code == 422
    assert kind(response) == "invalid"


@pytest.fixture
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The service behind a real server on loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task
    listener.close()


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 20 * LONG_BODY_BYTES])
async def test_oversized_body_gets_its_413_over_the_wire(
    served: str, token: Callable[..., str], size: int
) -> None:
    headers = {"Authorization": f"Bearer {token()}"}
    async with httpx.AsyncClient(base_url=served, headers=headers) as client:
        response = await client.post("/api/plain/voices", content=b" " * size)
    assert kind(response) == "too-large"


@pytest.mark.parametrize(
    ("status", "size"), [(413, LONG_BODY_BYTES), (401, LONG_BODY_BYTES), (401, 300_000)]
)
async def test_an_answer_that_does_not_wait_for_the_body_arrives(
    served: str, token: Callable[..., str], status: int, size: int
) -> None:
    headers = {"Authorization": f"Bearer {token()}"} if status == 413 else {}
    async with httpx.AsyncClient(base_url=served, headers=headers) as client:
        each = [client.post("/api/plain/voices", content=b" " * size) for _ in range(20)]
        answers = await asyncio.gather(*each)
    assert {answer.status_code for answer in answers} == {status}
    assert {answer.headers["connection"] for answer in answers} == {"close"}


@pytest.mark.parametrize("length", [0, 3, 5])
async def test_a_body_with_two_ends_is_refused_and_the_connection_closed(
    served: str, length: int
) -> None:
    host, port = served.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /api/plain/voices HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    )
    answers = await reader.read()
    writer.close()
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answers.lower()


async def test_problems_over_the_wire(served: str) -> None:
    async with httpx.AsyncClient(base_url=served) as client:
        assert kind(await client.get("/nothing")) == "route-not-found"
        assert kind(await client.get("/%00")) == "malformed"
        assert kind(await client.get("/%ff")) == "route-not-found"
        assert kind(await client.get("/api/notes")) == "unauthenticated"
