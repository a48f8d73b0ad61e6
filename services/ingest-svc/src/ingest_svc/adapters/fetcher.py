"""Fetches announced files: from allowed hosts, allowed buckets, and the inbox; nowhere else."""

import asyncio
import os
import re
import ssl
import stat
import string
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import httpcore
import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from service_kit.errors import UpstreamError

from ingest_svc.adapters.originals import MAX_FILE_BYTES, READ_BYTES, bucket
from ingest_svc.adapters.public_network import PublicNetwork, Resolve, resolve
from ingest_svc.domain.failure import FailureCode, FileFailedError

FETCH_SECONDS = 60.0
CONNECT_SECONDS = 10.0
MAX_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
AGAIN_LATER = {408, 425, 429, *range(500, 600)}


class FetchUnavailableError(UpstreamError):
    """The file cannot be fetched from its address now."""

    slug = "fetch-unavailable"


_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
"""RFC 1123 §2.1; underscores are usual, too."""


class Fetcher:
    """Gives the bytes that stand at an address, if that may be fetched at all."""

    def __init__(
        self,
        *,
        allowed_hosts: Sequence[str],
        allowed_buckets: Sequence[str],
        inbox_dir: Path | None,
        fetch_private_addresses: bool = False,
        fetch_ca_file: Path | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """Take who may be asked: hosts as `files.example.com` or `*.example.com[:port]`.

        `*` stands for one label, as in certificates (RFC 6125), and no port for 443.
        """
        self._hosts = frozenset(host.lower().removesuffix(".") for host in allowed_hosts)
        self._buckets = frozenset(allowed_buckets)
        self._inbox = inbox_dir
        self._network = PublicNetwork(resolve, private_too=fetch_private_addresses)
        self._ca_file = fetch_ca_file

    async def fetch(self, url: str) -> AsyncGenerator[bytes]:
        """Yield the file in parts: MAX_FILE_BYTES, for FETCH_SECONDS, at most.

        Raises:
            FileFailedError: it is refused, naming the rule, or has no such file, or a larger one.
            FetchUnavailableError: it does not answer now (try again).
        """
        parts = _split(url)
        sources = {"https": self._from_https, "s3": self._from_s3, "file": self._from_inbox}
        source = sources.get(parts.scheme)
        if source is None:
            raise refused("Its scheme is none of https, s3 and file.")
        deadline = asyncio.get_running_loop().time() + FETCH_SECONDS
        stream = source(url)
        size_bytes = 0
        try:
            while True:
                async with asyncio.timeout_at(deadline):
                    part = await anext(stream, None)
                if part is None:
                    return
                size_bytes += len(part)
                if size_bytes > MAX_FILE_BYTES:
                    raise FileFailedError(FailureCode.TOO_LARGE)
                yield part
        except TimeoutError as error:
            raise FetchUnavailableError(f"it took more than {FETCH_SECONDS:g} s") from error
        finally:
            await stream.aclose()

    async def _from_https(self, url: str) -> AsyncGenerator[bytes]:
        context = await asyncio.to_thread(_trust, self._ca_file)
        async with httpcore.AsyncConnectionPool(
            ssl_context=context, network_backend=self._network, retries=0
        ) as pool:
            for _ in range(MAX_REDIRECTS + 1):
                async with _asked(pool, self._checked(url)) as response:
                    if response.status not in REDIRECTS:
                        async for part in _body(response):
                            yield part
                        return
                    url = _joined(url, _location(response))
            raise refused(f"It redirects more than {MAX_REDIRECTS} times.")

    def _checked(self, url: str) -> httpcore.URL:
        """Return the address as it was checked, so that nobody reads it in another way."""
        parts = _split(url)
        if parts.scheme != "https":
            raise refused("It redirects to something that is not https.")
        host, port = (parts.hostname or "").removesuffix("."), parts.port or 443
        is_host = ":" in host or all(map(_LABEL.fullmatch, host.split(".")))
        named = {f"{host}:{port}"} | ({host} if port == 443 else set[str]())
        wild = {f"*{name[name.index('.') :]}" for name in named if "." in name}
        if not is_host or not (named | wild) & self._hosts:
            raise refused("Its host is not on DRAMATIS_INGEST_ALLOWED_HOSTS.")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return httpcore.URL(
            scheme=b"https",
            host=host.encode(),
            port=None if port == 443 else port,
            target=quote(target, safe=string.punctuation).encode(),
        )

    async def _from_s3(self, url: str) -> AsyncGenerator[bytes]:
        parts = _split(url)
        if parts.netloc not in self._buckets:
            raise refused("Its bucket is not on DRAMATIS_INGEST_ALLOWED_BUCKETS.")
        key = unquote(parts.path).removeprefix("/")
        if not key or parts.query or parts.fragment:
            raise refused("It is not of the form s3://bucket/key (write ? as %3F, # as %23).")
        try:
            store = bucket(f"s3://{parts.netloc}")
            found = await obstore.get_async(store, key)
            async for part in found.stream(min_chunk_size=READ_BYTES):
                yield bytes(part)
        except ValueError:
            raise refused("Its key has empty, dotted or unreadable parts.") from None
        except (FileNotFoundError, PermissionDeniedError, UnauthenticatedError):
            raise FileFailedError(
                FailureCode.FETCH_FAILED, "The bucket has no such object that may be read."
            ) from None
        except (BaseError, OSError) as error:
            raise FetchUnavailableError(f"S3: {type(error).__name__}") from error

    async def _from_inbox(self, url: str) -> AsyncGenerator[bytes]:
        parts = _split(url)
        if self._inbox is None:
            raise refused("file:// is for the embedded profile.")
        if parts.netloc or parts.query or parts.fragment:
            raise refused("It is not of the form file:///folder/file.")
        with await asyncio.to_thread(_open_inside, self._inbox, unquote(parts.path)) as opened:
            while part := await asyncio.to_thread(opened.read, READ_BYTES):
                yield part


def refused(rule: str) -> FileFailedError:
    """Return that an address may not be fetched, and by which rule; it is not repeated."""
    return FileFailedError(FailureCode.FETCH_REFUSED, rule)


def _split(url: str) -> SplitResult:
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url) or "\\" in url:
        raise refused("It has spaces, control characters or backslashes.")
    try:
        parts = urlsplit(url)
        port = parts.port
        url.encode()  # a lone surrogate
    except ValueError:
        raise refused("It cannot be read as an address.") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise refused("It has credentials in it.")
    if port == 0 or not (parts.hostname or "").isascii():
        raise refused("Its host is not plain ASCII (use the xn-- form) or has port 0.")
    return parts


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise refused("It redirects to what cannot be read as an address.") from None


def _open_inside(inbox: Path, name: str) -> BinaryIO:
    """Return a regular file whose real place is in the inbox, open for reading."""
    try:
        path = Path(name).resolve(strict=True)
        if not path.is_relative_to(inbox.resolve()):
            raise refused("It lies outside of the inbox folder.")
        if not stat.S_ISREG(path.lstat().st_mode):  # opening a device may already do something
            raise refused("It is not a regular file.")
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except ValueError:
        raise refused("It cannot be read as a path.") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, up to Python 3.12
        if not Path(os.path.normpath(name)).is_relative_to(inbox):
            raise refused("It lies outside of the inbox folder.") from error
        raise FileFailedError(
            FailureCode.FETCH_FAILED, "The inbox folder has no such file that may be read."
        ) from error
    file = os.fdopen(opened, "rb")
    if not stat.S_ISREG(os.fstat(opened).st_mode):  # it was exchanged meanwhile
        file.close()
        raise refused("It is not a regular file.")
    return file


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _headers(response: httpcore.Response) -> Mapping[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}


def _location(response: httpcore.Response) -> str:
    location = _headers(response).get("location")
    if not location:
        raise FileFailedError(FailureCode.FETCH_FAILED, "It redirects to nowhere.")
    return location


@asynccontextmanager
async def _asked(
    pool: httpcore.AsyncConnectionPool, url: httpcore.URL
) -> AsyncGenerator[httpcore.Response]:
    timeouts = {"connect": CONNECT_SECONDS, "write": CONNECT_SECONDS, "pool": CONNECT_SECONDS}
    request = pool.stream(
        "GET",
        url,
        headers={"accept": "*/*", "accept-encoding": "identity", "user-agent": "dramatis"},
        extensions={"timeout": {**timeouts, "read": FETCH_SECONDS}},
    )
    async with AsyncExitStack() as stack:
        try:
            response = await stack.enter_async_context(request)
        except _BROKEN as error:
            raise FetchUnavailableError(type(error).__name__) from error
        yield response


_BROKEN = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, ssl.SSLError)


async def _body(response: httpcore.Response) -> AsyncGenerator[bytes]:
    if response.status in AGAIN_LATER:
        raise FetchUnavailableError(f"it answers with status {response.status}")
    if response.status != 200:
        raise FileFailedError(
            FailureCode.FETCH_FAILED, f"It answers with status {response.status}."
        )
    headers = _headers(response)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise FileFailedError(FailureCode.FETCH_FAILED, "It answers with a compressed body.")
    if int(headers.get("content-length", 0)) > MAX_FILE_BYTES:
        raise FileFailedError(FailureCode.TOO_LARGE)
    try:
        async for part in response.aiter_stream():
            yield part
    except _BROKEN as error:
        raise FetchUnavailableError(type(error).__name__) from error
