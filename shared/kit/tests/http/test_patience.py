"""Clients that do not get on are cut off, and cost the others nothing."""

import asyncio
import gzip
import re

import pytest
import uvicorn
from fastapi import FastAPI, Request
from service_devkit.testing.waiting import wait_until
from service_kit.guard import RequestGuard, TooMuchInFlightError, UploadRoute, _Room
from service_kit.patience import MAX_BYTES_IN_FLIGHT, PatientProtocol
from service_kit.problem import install_problem_handlers

SECONDS = 0.2
LIMIT = 1_000


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    monkeypatch.setattr("service_kit.patience.HEADERS_SECONDS", SECONDS)
    monkeypatch.setattr("service_kit.guard.BODY_SECONDS", SECONDS)


@pytest.fixture
async def port():
    app = FastAPI()

    async def size(request: Request):
        return len(await request.body())

    for path in ("/notes", "/files/a"):
        app.add_api_route(path, size, methods=["POST"])
    app.add_middleware(
        RequestGuard, max_body_bytes=LIMIT, uploads=UploadRoute(re.compile("/files/a"), 10 * LIMIT)
    )
    install_problem_handlers(app)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, http=PatientProtocol, log_config=None, lifespan="off")
    )
    serving = asyncio.create_task(server.serve())

    async def started():
        return server.started

    await wait_until(started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def sent(port, data):
    """Return what comes back until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    received = await reader.read()
    writer.close()
    return received


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"POST /notes HTTP/1.1\r\nHost: x\r\n",
        b"POST /notes HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 99,
    ],
    ids=["nothing", "half a head", "half a header"],
)
async def test_headers_that_do_not_come_are_a_408_and_the_end(port, data):
    assert (await sent(port, data)).startswith(b"HTTP/1.1 408 ")


async def test_headers_that_stop_after_a_first_request_are_a_408_too(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    await reader.readuntil(b"\r\n\r\n2")
    writer.write(b"POST /no")
    assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()


@pytest.mark.parametrize("path", [b"/notes", b"/files/a"])
async def test_a_body_that_does_not_come_is_a_408_problem_and_the_end(port, path):
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
    received = await sent(port, head + b"x" * 600)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"urn:dramatis:problem:request-timeout" in received
    assert b"connection: close" in received.lower()


async def test_packed_bodies_count_as_what_they_unpack_to(port, monkeypatch):
    monkeypatch.setattr("service_kit.guard.MAX_BYTES_IN_FLIGHT", 1_000)
    monkeypatch.setattr("service_kit.guard.BODY_SECONDS", 60)
    packed = gzip.compress(b"x" * 700)
    head = (
        b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n" % len(packed)
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + packed[:-4])
    await writer.drain()
    assert (await sent(port, head + packed)).startswith(b"HTTP/1.1 503 ")
    writer.write(packed[-4:])
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()
    assert (await sent(port, head + packed)).startswith(b"HTTP/1.1 200 ")


async def test_bodies_that_are_too_large_together_are_a_503_until_they_are_gone(port, monkeypatch):
    monkeypatch.setattr("service_kit.guard.MAX_BYTES_IN_FLIGHT", 1_000)
    monkeypatch.setattr("service_kit.guard.BODY_SECONDS", 60)
    head = b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 800\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head + b"x" * 700)
    await writer.drain()
    refused = await sent(port, head + b"x" * 700)
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"too-much-in-flight" in refused
    writer.write(b"x" * 100)
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()
    kept_alive = head.replace(b"Host: x", b"Host: x\r\nConnection: close")
    assert (await sent(port, kept_alive + b"x" * 800)).startswith(b"HTTP/1.1 200 ")


def test_uploads_leave_half_of_what_bodies_may_take_to_others():
    whole = _Room()
    uploads = _Room(2, whole)
    uploads.take(MAX_BYTES_IN_FLIGHT // 2)
    with pytest.raises(TooMuchInFlightError):
        uploads.take(1)
    whole.take(MAX_BYTES_IN_FLIGHT // 2 - 1)
    uploads.give_back(MAX_BYTES_IN_FLIGHT // 2 + 1)
    whole.take(MAX_BYTES_IN_FLIGHT // 2)
