"""Originals are streamed into the storage whole, or nothing of them is left there."""

import asyncio
import hashlib
import os
import resource
from datetime import timedelta

import pytest
from ingest_svc.adapters.originals import (
    MAX_FILE_BYTES,
    OriginalNotFoundError,
    Originals,
    StorageUnavailableError,
)
from ingest_svc.domain.failure import FileFailedError
from service_kit.clock import utc_now
from service_kit.testing.waiting import wait_until

pytestmark = pytest.mark.timeout(60)
PART = b"A bicycle costs 49 euros. " * 4_000


@pytest.fixture
def originals(tmp_path):
    return Originals((tmp_path / "originals").as_uri())


async def parts(count, part=PART):
    for _ in range(count):
        yield part


def left(tmp_path):
    return [path for path in (tmp_path / "originals").rglob("*") if path.is_file()]


async def test_what_is_put_is_read_downloaded_and_described(originals, tmp_path):
    stored = await originals.put("acme/a/1", parts(200))
    assert stored.size_bytes == 200 * len(PART)
    assert stored.sha256 == hashlib.sha256(PART * 200).hexdigest()
    read = b"".join([part async for part in await originals.read("acme/a/1")])
    assert read == PART * 200
    await originals.download("acme/a/1", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == PART * 200


async def test_keys_are_listed_with_their_time(originals):
    await originals.put("acme/a/1", parts(1))
    await originals.put("other/b/2", parts(1))
    found = {key: modified async for key, modified in originals.keys("")}
    assert found.keys() == {"acme/a/1", "other/b/2"}
    assert all(abs(utc_now() - modified) < timedelta(minutes=1) for modified in found.values())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: parts(0), "empty"),
        (lambda: parts(3, b""), "empty"),
        (lambda: parts(MAX_FILE_BYTES // len(PART) + 2), "too_large"),
    ],
)
async def test_what_is_empty_or_too_large_leaves_nothing(originals, tmp_path, content, code):
    with pytest.raises(FileFailedError) as refused:
        await originals.put("acme/a/1", content())
    assert refused.value.code == code
    assert left(tmp_path) == []


async def test_a_source_that_breaks_leaves_nothing(originals, tmp_path):
    async def breaking():
        yield PART * 60
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        await originals.put("acme/a/1", breaking())
    assert left(tmp_path) == []


async def test_a_put_that_is_cancelled_leaves_nothing(originals, tmp_path):
    started = asyncio.Event()

    async def endless():
        while True:
            started.set()
            yield PART
            await asyncio.sleep(0.01)

    putting = asyncio.create_task(originals.put("acme/a/1", endless()))
    await started.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await wait_until(lambda: not left(tmp_path))


async def test_deleting_twice_is_the_same_as_once(originals):
    await originals.put("acme/a/1", parts(1))
    await originals.delete("acme/a/1")
    await originals.delete("acme/a/1")
    with pytest.raises(OriginalNotFoundError):
        await originals.read("acme/a/1")


async def test_leftovers_of_a_killed_process_are_removed_once_they_are_old(originals, tmp_path):
    await originals.put("acme/a/1", parts(1))
    staged = tmp_path / "originals" / "acme" / "a" / "2#1"
    staged.write_bytes(b"half")
    assert await originals.remove_leftovers(60) == 0
    os.utime(staged, (0, 0))
    assert await originals.remove_leftovers(60) == 1
    assert [path.name for path in left(tmp_path)] == ["1"]


async def test_a_large_file_is_never_held_whole(originals):
    await originals.put("acme/warm/1", parts(400))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await originals.put("acme/a/1", parts(480))
    async for _ in await originals.read("acme/a/1"):
        pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


async def test_a_storage_that_is_away_says_so_in_seconds(monkeypatch):
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "never-shown",
        "AWS_REGION": "eu-north-1",
    }.items():
        monkeypatch.setenv(name, value)
    originals = Originals("s3://bucket/prefix")
    for call in (originals.put("a", parts(1)), originals.read("a"), originals.delete("a")):
        with pytest.raises(StorageUnavailableError) as raised:
            await call
        assert "never-shown" not in str(raised.value)


@pytest.mark.parametrize("url", ["", "/folder", "http://a/b", "file://host/folder", "s3:///key"])
def test_an_address_of_another_kind_names_the_setting(url):
    with pytest.raises(ValueError, match="DRAMATIS_STORAGE_URL"):
        Originals(url)
