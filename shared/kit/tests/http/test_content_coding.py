"""Compressed bodies: the same as others, and no way around the limits."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from service_kit.content_coding import PIECE_BYTES, unpacked
from service_kit.errors import MalformedError, TooLargeError
from service_kit.guard import MAX_BODY_BYTES
from starlette.types import Message

VOICE = json.dumps({"name": "Größe"}).encode()
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "identity, gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate, identity": lambda body: zlib.compress(body, wbits=-15),
    "identity": bytes,
}


def headers(coding: str) -> dict[str, str]:
    return {"content-type": "application/json", "content-encoding": coding}


def kind(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["type"].removeprefix("urn:dramatis:problem:")


@pytest.mark.parametrize("coding", PACKED)
async def test_a_packed_body_is_read(client: httpx.AsyncClient, coding: str) -> None:
    body = PACKED[coding](VOICE)
    response = await client.post("/api/plain/voices", content=body, headers=headers(coding))
    assert (response.status_code, response.json()["name"]) == (200, "Größe")


async def test_a_packed_body_may_come_byte_by_byte(client: httpx.AsyncClient) -> None:
    async def bytewise() -> AsyncIterator[bytes]:
        for value in zlib.compress(VOICE, wbits=-15):
            yield bytes([value])

    response = await client.post(
        "/api/plain/voices", content=bytewise(), headers=headers("deflate")
    )
    assert response.status_code == 200


async def test_a_body_of_several_members_is_read_whole(client: httpx.AsyncClient) -> None:
    body = gzip.compress(VOICE[:9]) + gzip.compress(b"") + gzip.compress(VOICE[9:])
    response = await client.post("/api/plain/voices", content=body, headers=headers("gzip"))
    assert response.status_code == 200


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "nonsense"])
async def test_another_coding_is_415_and_says_which_are_known(
    client: httpx.AsyncClient, coding: str
) -> None:
    response = await client.post("/api/plain/voices", content=VOICE, headers=headers(coding))
    assert (response.status_code, kind(response)) == (415, "content-coding-unknown")
    assert response.headers["accept-encoding"] == "gzip, deflate"
    assert "gzip" in response.json()["detail"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", VOICE),
        ("gzip", gzip.compress(VOICE)[:-4]),
        ("gzip", gzip.compress(VOICE)[:1]),
        ("gzip", gzip.compress(VOICE) + b"more"),
        ("gzip", gzip.compress(b"") * 20_000),
        ("gzip", gzip.compress(VOICE)[:-8] + bytes(8)),
        ("deflate", VOICE),
        ("deflate", zlib.compress(VOICE)[:-1]),
        ("deflate", zlib.compress(VOICE) * 2),
    ],
    ids=[
        "plain",
        "cut",
        "begun",
        "trailing",
        "members",
        "checksum",
        "not-zlib",
        "zlib-cut",
        "twice",
    ],
)
async def test_a_damaged_body_is_400_and_says_so(
    client: httpx.AsyncClient, coding: str, body: bytes
) -> None:
    response = await client.post("/api/plain/long-voices", content=body, headers=headers(coding))
    assert (response.status_code, kind(response)) == (400, "malformed")
    assert coding in response.json()["detail"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_what_unpacks_to_too_much_is_413(client: httpx.AsyncClient, coding: str) -> None:
    bomb = PACKED[coding](b" " * (200 * MAX_BODY_BYTES))
    tracemalloc.start()
    response = await client.post("/api/plain/voices", content=bomb, headers=headers(coding))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (response.status_code, kind(response)) == (413, "too-large")
    assert str(MAX_BODY_BYTES) in response.json()["detail"]
    assert peak < 8 * MAX_BODY_BYTES


async def test_the_largest_body_is_read_packed(client: httpx.AsyncClient) -> None:
    body = gzip.compress(VOICE.ljust(MAX_BODY_BYTES))
    response = await client.post("/api/plain/voices", content=body, headers=headers("gzip"))
    assert response.status_code == 200


async def unpack(packed: bytes, size: int, limit: int = MAX_BODY_BYTES) -> bytes:
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)] or [b""]
    left = iter(enumerate(pieces, 1))

    async def receive() -> Message:
        number, piece = next(left)
        return {"type": "http.request", "body": piece, "more_body": number < len(pieces)}

    read, more = unpacked(receive, "gzip", limit), True
    body = b""
    while more:
        message = await read()
        assert len(message["body"]) <= PIECE_BYTES
        body, more = body + message["body"], message["more_body"]
    return body


@given(st.lists(st.binary(max_size=200), max_size=3), st.integers(1, 2_000))
async def test_any_body_comes_out_as_it_was(parts: list[bytes], size: int) -> None:
    long_parts = [part * 500 for part in parts]
    packed = b"".join(map(gzip.compress, long_parts))
    assert await unpack(packed, size) == b"".join(long_parts)


@given(st.binary(max_size=300), st.integers(1, 50))
async def test_any_other_body_is_refused(body: bytes, size: int) -> None:
    with suppress(MalformedError, TooLargeError):
        assert len(await unpack(body, size, limit=100)) <= 100
