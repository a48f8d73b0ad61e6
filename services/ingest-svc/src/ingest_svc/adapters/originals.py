"""The originals of files, in object storage: a local folder, or S3."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import time
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url
from service_kit.errors import NotFoundError, UpstreamError

from ingest_svc.domain.document import StoredFile
from ingest_svc.domain.failure import FailureCode, FileFailedError

MAX_FILE_BYTES = 50 * 1024 * 1024
READ_BYTES = 256 * 1024
UPLOADS_AT_ONCE = 2
"""Parts of one file, 5 MiB each, that are in memory and on their way."""
ABORT_SECONDS = 2
CONNECT_TIMEOUT = "3s"
SILENCE_TIMEOUT = "10s"
REQUEST_TIMEOUT = "60s"
"""Of one request to S3, its body included."""
RETRY_SECONDS = 10
_BUCKET = re.compile(r"[A-Za-z0-9._-]+")
_STAGED = re.compile(r"#\d+$")
"""How the store names a local file that is still being written."""


class StorageUnavailableError(UpstreamError):
    """The storage of originals cannot be reached; try again later."""

    slug = "storage-unavailable"


class OriginalNotFoundError(NotFoundError):
    """The original is not in the storage."""

    slug = "original-not-found"


class Originals:
    """Streams files in and out; each has its own key that is never written twice."""

    def __init__(self, url: str) -> None:
        """Take `file:///folder` or `s3://bucket/prefix` (credentials as AWS's tools take them).

        Raises:
            ValueError: it is neither, or the folder cannot be made; the text names the setting.
        """
        parts = urlsplit(url)
        self._folder: Path | None = None
        self._store: ObjectStore
        if parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc) and not parts.query:
            self._store = bucket(url)
            return
        if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/") or parts.query:
            raise ValueError(
                "DRAMATIS_INGEST_STORAGE_URL must be file:///folder or s3://bucket/prefix"
            )
        self._folder = Path(unquote(parts.path))
        try:
            self._store = LocalStore(self._folder, mkdir=True)
        except (BaseError, OSError) as error:
            raise ValueError("The folder of DRAMATIS_INGEST_STORAGE_URL cannot be made") from error

    async def put(self, key: str, content: AsyncIterable[bytes]) -> StoredFile:
        """Store a file of 1 byte to MAX_FILE_BYTES; if it fails or is cancelled, there is none.

        If the process is killed, S3 keeps hidden parts: a bucket needs a lifecycle rule that
        aborts incomplete uploads. For a folder, there is `remove_leftovers`.

        Raises:
            FileFailedError: it is empty or too large, or `content` raises it.
            StorageUnavailableError: the storage does not take it now.
        """
        counted = _Counted(content)
        storing = asyncio.ensure_future(self._store_all(key, counted))
        try:
            await asyncio.shield(storing)
        except asyncio.CancelledError:
            # Cancelling the library's call would leave the parts that S3 has got: its source
            # breaks instead, and it aborts the upload.
            counted.stop()
            await asyncio.wait({storing}, timeout=ABORT_SECONDS)
            storing.cancel()
            if storing.done() and not storing.cancelled() and storing.exception() is None:
                await self.delete(key)
            raise
        return StoredFile(counted.size_bytes, counted.digest.hexdigest())

    async def _store_all(self, key: str, counted: "_Counted") -> None:
        try:
            with _answers():
                await obstore.put_async(
                    self._store, key, counted.parts(), max_concurrency=UPLOADS_AT_ONCE
                )
        except Exception:
            if counted.error is not None:
                raise counted.error from None
            raise

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the file in parts.

        Raises:
            OriginalNotFoundError: there is none.
            StorageUnavailableError: the storage does not answer.
        """
        with _answers():
            found = await obstore.get_async(self._store, key)
        return _parts(found.stream(min_chunk_size=READ_BYTES))

    async def download(self, key: str, path: Path) -> None:
        """Write the file to `path`; raises as `read`."""
        parts = await self.read(key)
        with path.open("wb") as file, _answers():
            async for part in parts:
                await asyncio.to_thread(file.write, part)

    async def delete(self, key: str) -> None:
        """Delete the file, if it is there.

        Raises:
            StorageUnavailableError: the storage does not answer.
        """
        try:
            with _answers():
                await obstore.delete_async(self._store, key)
        except OriginalNotFoundError:
            pass

    async def keys(self, prefix: str) -> AsyncGenerator[tuple[str, datetime]]:
        """Yield each key under `prefix` and when it was written.

        Raises:
            StorageUnavailableError: the storage does not answer.
        """
        with _answers():
            async for batch in self._store.list(prefix or None):  # pyright: ignore[reportUnknownMemberType] — half typed there
                for found in batch:
                    yield found["path"], found["last_modified"]

    async def remove_leftovers(self, older_than_seconds: float) -> int:
        """Remove local files that a killed process was still writing; return how many."""
        if self._folder is None:
            return 0
        return await asyncio.to_thread(_remove_staged, self._folder, older_than_seconds)


def bucket(url: str) -> ObjectStore:
    """Return the store of an `s3://` address, which says within some ten seconds if it is away."""
    return from_url(
        url,
        client_options={
            # Options given here replace all that the environment says of the client.
            "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true", "yes"},
            "connect_timeout": CONNECT_TIMEOUT,
            "read_timeout": SILENCE_TIMEOUT,
            "timeout": REQUEST_TIMEOUT,
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
    )


class _Counted:
    """Counts and hashes what passes; remembers its source's error, which the store may wrap."""

    def __init__(self, content: AsyncIterable[bytes]) -> None:
        self._content = content
        self._reading: asyncio.Task[object] | None = None
        self._stopped = False
        self.size_bytes = 0
        self.digest = sha256()
        self.error: Exception | None = None

    def stop(self) -> None:
        """Break the source, also while it is waited for."""
        self._stopped = True
        if self._reading is not None:
            self._reading.cancel()

    async def parts(self) -> AsyncGenerator[bytes]:
        try:
            self._begin()
            async for part in self._content:
                self._count(part)
                if part:
                    self._reading = None
                    yield part
                self._begin()
            self._end()
        except Exception as error:
            self.error = error
            raise
        finally:
            self._reading = None

    def _begin(self) -> None:
        """Note who waits for the source: the library asks for each part in its own task."""
        if self._stopped:
            raise asyncio.CancelledError
        self._reading = asyncio.current_task()

    def _count(self, part: bytes) -> None:
        self.size_bytes += len(part)
        if self.size_bytes > MAX_FILE_BYTES:
            raise FileFailedError(FailureCode.TOO_LARGE)
        self.digest.update(part)

    def _end(self) -> None:
        if self.size_bytes == 0:
            raise FileFailedError(FailureCode.EMPTY)


async def _parts(stream: AsyncIterable[object]) -> AsyncGenerator[bytes]:
    with _answers():
        async for part in stream:
            yield bytes(part)  # pyright: ignore[reportArgumentType] — a buffer of the library's own


@contextmanager
def _answers() -> Generator[None]:
    try:
        yield
    except FileNotFoundError:
        raise OriginalNotFoundError("its original is gone") from None
    except (BaseError, OSError) as error:
        raise StorageUnavailableError(type(error).__name__) from error


def _remove_staged(folder: Path, older_than_seconds: float) -> int:
    before = time() - older_than_seconds
    count = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # finished meanwhile, under its final name
            if _STAGED.search(path.name) and path.is_file() and path.stat().st_mtime < before:
                path.unlink()
                count += 1
    return count
