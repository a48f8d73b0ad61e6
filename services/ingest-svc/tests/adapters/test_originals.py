"""Originals are streamed into the storage whole, or nothing of them is left there."""

import asyncio
import hashlib
import os
import resource
import sys
from contextlib import suppress
from datetime import timedelta

import pytest
from ingest_svc.adapters import originals as module
from ingest_svc.adapters.originals import (
    MAX_FILE_BYTES,
    OriginalNotFoundError,
    Originals,
    StorageUnavailableError,
)
from ingest_svc.domain.failure import FileFailedError
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.clock import utc_now

PART = b"A bicycle costs 49 euros. " * 4_000
S3_FILE = "/bucket/prefix/acme/1"
KILLED = """
import asyncio, sys
from ingest_svc.adapters.originals import Originals

async def half():
    yield b"x" * 11 * 1024 * 1024
    print("half", flush=True)
    await asyncio.Event().wait()

asyncio.run(Originals(sys.argv[1]).put("acme/a/2", half()))
"""


@pytest.fixture
def originals(tmp_path):
    return Originals((tmp_path / "originals").as_uri())


async def parts(count, part=PART):
    for _ in range(count):
        yield part


async def stuck_after(count, reached):
    for _ in range(count):
        yield PART
    reached.set()
    await asyncio.Event().wait()


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


@pytest.mark.parametrize("count", [0, 120])
async def test_a_put_that_is_cancelled_leaves_nothing(originals, tmp_path, count):
    reached = asyncio.Event()
    putting = asyncio.create_task(originals.put("acme/a/1", stuck_after(count, reached)))
    await reached.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert left(tmp_path) == []


async def test_a_put_that_is_cancelled_at_any_moment_leaves_all_or_nothing(originals, tmp_path):
    for moment in range(60):
        putting = asyncio.create_task(originals.put(f"acme/a/{moment}", parts(1)))
        await asyncio.sleep(moment / 50_000)
        putting.cancel()
        with suppress(asyncio.CancelledError):
            await putting
            await originals.delete(f"acme/a/{moment}")
        assert left(tmp_path) == []


async def test_deleting_twice_is_the_same_as_once(originals):
    await originals.put("acme/a/1", parts(1))
    await originals.delete("acme/a/1")
    await originals.delete("acme/a/1")
    with pytest.raises(OriginalNotFoundError):
        await originals.read("acme/a/1")


async def test_leftovers_of_a_killed_process_are_removed_once_they_are_old(originals, tmp_path):
    await originals.put("acme/a/1", parts(1))
    folder = tmp_path / "originals"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, folder.as_uri(), stdout=asyncio.subprocess.PIPE
    )
    await process.stdout.readline()
    process.kill()
    await process.wait()
    (staged,) = (path for path in left(tmp_path) if path.name != "1")
    assert [key async for key, _ in originals.keys("")] == ["acme/a/1"]
    assert await originals.remove_leftovers(60) == 0
    os.utime(staged, (0, 0))
    assert await originals.remove_leftovers(60) == 1
    assert [path.name for path in left(tmp_path)] == ["1"]


async def test_a_folder_that_cannot_be_used_is_a_storage_that_is_away(originals, tmp_path):
    (tmp_path / "originals" / "acme").write_bytes(b"a file where a folder should be")
    for call in (originals.put("acme/1", parts(1)), originals.read("acme/1")):
        with pytest.raises(StorageUnavailableError):
            await call
    with pytest.raises(ValueError, match="DRAMATIS_INGEST_STORAGE_URL"):
        Originals((tmp_path / "originals" / "acme" / "1").as_uri())


async def test_a_large_file_is_never_held_whole(originals):
    await originals.put("acme/warm/1", parts(400))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await originals.put("acme/a/1", parts(480))
    async for _ in await originals.read("acme/a/1"):
        pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024


def xml(text):
    return Reply(headers={"content-type": "application/xml"}, body=text.encode())


def multipart(request):
    if request.query.startswith("uploads"):
        return xml("<Created><UploadId>one</UploadId></Created>")
    return xml('<Completed><ETag>"all"</ETag></Completed>')


@pytest.fixture
async def s3(monkeypatch):
    """Return what speaks as much of S3 as storing one file takes."""
    async with HttpStub() as stub:
        for name, value in {
            "AWS_ENDPOINT": stub.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "never-shown",
            "AWS_REGION": "eu-north-1",
        }.items():
            monkeypatch.setenv(name, value)
        stub.on("POST", S3_FILE, multipart)
        stub.on("PUT", S3_FILE, Reply(headers={"etag": '"part"'}))
        stub.on("DELETE", S3_FILE, Reply(status=204))
        yield stub


def asked(stub, method):
    return [request for request in stub.requests if request.method == method]


async def test_a_file_is_stored_in_a_bucket_and_read_from_it(s3, tmp_path):
    originals = Originals("s3://bucket/prefix")
    stored = await originals.put("acme/1", parts(80))
    assert stored.sha256 == hashlib.sha256(PART * 80).hexdigest()
    bodies = {request.query[:12]: request.body for request in asked(s3, "PUT")}
    assert b"".join(bodies[number] for number in sorted(bodies)) == PART * 80
    written = {"etag": '"all"', "last-modified": "Sat, 21 Nov 2026 03:00:00 GMT"}
    s3.on("GET", S3_FILE, Reply(headers=written, body=PART))
    await originals.download("acme/1", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == PART
    s3.on(
        "GET",
        "/bucket",
        xml(
            "<ListBucketResult><Contents><Key>prefix/acme/1</Key><Size>1</Size>"
            "<LastModified>2026-11-21T03:00:00.000Z</LastModified></Contents></ListBucketResult>"
        ),
    )
    assert [key async for key, _ in originals.keys("acme")] == ["acme/1"]
    gone = "<DeleteResult><Deleted><Key>prefix/acme/1</Key></Deleted></DeleteResult>"
    s3.on("POST", "/bucket", xml(gone))
    await originals.delete("acme/1")
    s3.on("GET", S3_FILE, Reply(status=404))
    with pytest.raises(OriginalNotFoundError):
        await originals.read("acme/1")


async def test_an_upload_that_is_refused_or_cancelled_is_aborted_in_the_bucket(s3):
    originals = Originals("s3://bucket/prefix")
    with pytest.raises(FileFailedError):
        await originals.put("acme/1", parts(0))
    assert [request.query for request in asked(s3, "DELETE")] == ["uploadId=one"]
    reached = asyncio.Event()
    putting = asyncio.create_task(originals.put("acme/1", stuck_after(120, reached)))
    await reached.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert [request.query for request in asked(s3, "DELETE")] == ["uploadId=one"] * 2


async def test_a_slow_bucket_slows_the_source_instead_of_filling_memory(s3):
    s3.on("PUT", S3_FILE, Reply(fault="hang"))
    read_whole = asyncio.Event()
    putting = asyncio.create_task(
        Originals("s3://bucket/prefix").put("acme/1", stuck_after(480, read_whole))
    )
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read_whole.wait(), 1)
    assert len(asked(s3, "PUT")) == module.UPLOADS_AT_ONCE
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting


async def refuse_all(originals):
    for call in (originals.put("acme/1", parts(1)), originals.read("acme/1")):
        with pytest.raises(StorageUnavailableError) as raised:
            async with asyncio.timeout(HANG_SECONDS):
                await call
        assert "never-shown" not in str(raised.value)


@pytest.mark.usefixtures("s3")
async def test_a_bucket_that_cannot_be_reached_says_so_in_seconds(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    originals = Originals("s3://bucket/prefix")
    await refuse_all(originals)
    with pytest.raises(StorageUnavailableError) as raised:
        await originals.delete("acme/1")
    assert "error sending request" in str(raised.value.__cause__)  # it did try


async def test_a_bucket_that_never_answers_is_left(s3, monkeypatch):
    monkeypatch.setattr(module, "SILENCE_TIMEOUT", "200ms")
    for method in ("GET", "POST"):
        s3.on(method, S3_FILE, Reply(fault="hang"))
    await refuse_all(Originals("s3://bucket/prefix"))
    assert asked(s3, "GET")
    assert asked(s3, "POST")


async def test_plain_http_to_a_bucket_has_to_be_allowed(s3, monkeypatch):
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    await refuse_all(Originals("s3://bucket/prefix"))
    assert s3.requests == []


async def test_a_bucket_that_breaks_off_in_the_middle_of_a_file_says_so(s3):
    written = {"etag": '"all"', "last-modified": "Sat, 21 Nov 2026 03:00:00 GMT"}
    s3.on("GET", S3_FILE, Reply(headers=written, body=PART, fault="half_body"))
    with pytest.raises(StorageUnavailableError):
        async for _ in await Originals("s3://bucket/prefix").read("acme/1"):
            pass


@pytest.mark.parametrize(
    "url",
    [
        "", "/folder", "http://a/b", "file://host/folder", "file:folder", "file://", "file:///a?b",
        "s3:///key", "s3://id:secret@bucket/key", "s3://bucket/key?a",
    ],
)  # fmt: skip
def test_an_address_of_another_kind_names_the_setting(url):
    with pytest.raises(ValueError, match="DRAMATIS_INGEST_STORAGE_URL"):
        Originals(url)
