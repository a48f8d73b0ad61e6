"""The originals of files, in object storage: a local folder, or S3."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import time
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url
from service_kit.errors import NotFoundError, UpstreamError

from ingest_svc.domain.failure import FailureCode, FileFailedError

MAX_FILE_BYTES = 50 * 1024 * 1024
READ_BYTES = 256 * 1024
REQUEST_TIMEOUT = "10s"
CONNECT_TIMEOUT = "3s"
RETRY_SECONDS = 10
_STAGED = re.compile(r"#\d+$")
"""How the store names a local file that is still being written."""


class StorageUnavailableError(UpstreamError):
    """The storage of originals cannot be reached; try again later."""

    slug = "storage-unavailable"


class OriginalNotFoundError(NotFoundError):
    """The original is not in the storage."""

    slug = "original-not-found"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What was stored."""

    size_bytes: int
    sha256: str


class Originals:
    """Streams files in and out; each has a key of its own that is never written twice."""

    def __init__(self, url: str) -> None:
        """Take `file:///folder` or `s3://bucket/prefix` (credentials as AWS's tools take them).

        Raises:
            ValueError: it is neither; the text names the setting.
        """
        parts = urlsplit(url)
        self._folder: Path | None = None
        self._store: ObjectStore
        if parts.scheme == "file" and not parts.netloc:
            self._folder = Path(unquote(parts.path))
            self._store = LocalStore(self._folder, mkdir=True)
        elif parts.scheme == "s3" and parts.netloc:
            self._store = bucket(url)
        else:
            raise ValueError("DRAMATIS_STORAGE_URL must be file:///folder or s3://bucket/prefix")

    async def put(self, key: str, content: AsyncIterable[bytes]) -> StoredFile:
        """Store a file of 1 byte to MAX_FILE_BYTES; after any error there is nothing at `key`.

        Raises:
            FileFailedError: it is empty or too large, or `content` raises it.
            StorageUnavailableError: the storage does not take it now.
        """
        counted = _Counted(content)
        try:
            with _answers():
                await obstore.put_async(self._store, key, counted.parts())
        except Exception:
            if counted.error is not None:
                raise counted.error from None
            raise
        if counted.size_bytes == 0:
            await self.delete(key)
            raise FileFailedError(FailureCode.EMPTY)
        return StoredFile(counted.size_bytes, counted.digest.hexdigest())

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Return the file in parts.

        Raises:
            OriginalNotFoundError: there is none.
            StorageUnavailableError: the storage does not answer.
        """
        try:
            with _answers():
                found = await obstore.get_async(self._store, key)
        except FileNotFoundError:
            raise OriginalNotFoundError("its original is gone") from None
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
        except FileNotFoundError:
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
    """Return the store of an `s3://` address, which says within seconds that it is away."""
    return from_url(
        url,
        client_options={"timeout": REQUEST_TIMEOUT, "connect_timeout": CONNECT_TIMEOUT},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
    )


class _Counted:
    """Counts and hashes what passes; remembers its source's error, which the store may wrap."""

    def __init__(self, content: AsyncIterable[bytes]) -> None:
        self._content = content
        self.size_bytes = 0
        self.digest = sha256()
        self.error: Exception | None = None

    async def parts(self) -> AsyncGenerator[bytes]:
        try:
            async for part in self._content:
                self._count(part)
                if part:
                    yield part
        except Exception as error:
            self.error = error
            raise

    def _count(self, part: bytes) -> None:
        self.size_bytes += len(part)
        if self.size_bytes > MAX_FILE_BYTES:
            raise FileFailedError(FailureCode.TOO_LARGE)
        self.digest.update(part)


async def _parts(stream: AsyncIterable[object]) -> AsyncGenerator[bytes]:
    async for part in stream:
        yield bytes(part)  # pyright: ignore[reportArgumentType] — a buffer of the library's own


@contextmanager
def _answers() -> Generator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise StorageUnavailableError(type(error).__name__) from error


def _remove_staged(folder: Path, older_than_seconds: float) -> int:
    before = time() - older_than_seconds
    count = 0
    for path in folder.rglob("*"):
        if _STAGED.search(path.name) and path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            count += 1
    return count
