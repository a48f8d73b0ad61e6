"""Fetches announced files: from allowed hosts, allowed buckets, and the inbox; nowhere else."""

import asyncio
import os
import ssl
import stat
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import httpcore
import obstore
from obstore.exceptions import BaseError
from service_kit.errors import UpstreamError

from ingest_svc.adapters.originals import READ_BYTES, bucket
from ingest_svc.adapters.public_network import PublicNetwork, Resolve, resolve
from ingest_svc.domain.failure import FailureCode, FileFailedError

FETCH_SECONDS = 60.0
CONNECT_SECONDS = 10.0
MAX_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
AGAIN_LATER = {408, 425, 429, 500, 502, 503, 504}


class FetchUnavailableError(UpstreamError):
    """The file cannot be fetched from its address now."""

    slug = "fetch-unavailable"


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
        """Take who may be asked: hosts as `files.example.com` or `*.example.com[:port]`."""
        self._hosts = tuple(host.lower().rstrip(".") for host in allowed_hosts)
        self._buckets = frozenset(allowed_buckets)
        self._inbox = inbox_dir
        self._network = PublicNetwork(resolve, private_too=fetch_private_addresses)
        self._ca_file = fetch_ca_file

    async def fetch(self, url: str) -> AsyncGenerator[bytes]:
        """Yield the file in parts, for FETCH_SECONDS at most.

        Raises:
            FileFailedError: the address is refused, naming the rule, or has no such file.
            FetchUnavailableError: it does not answer now (try again).
        """
        parts = _split(url)
        sources = {"https": self._from_https, "s3": self._from_s3, "file": self._from_inbox}
        source = sources.get(parts.scheme)
        if source is None:
            raise refused("Its scheme is none of https, s3 and file.")
        deadline = asyncio.get_running_loop().time() + FETCH_SECONDS
        stream = source(url)
        try:
            while True:
                async with asyncio.timeout_at(deadline):
                    part = await anext(stream, None)
                if part is None:
                    return
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
                self._check_host(_split(url))
                async with _asked(pool, url) as response:
                    if response.status not in REDIRECTS:
                        async for part in _body(response):
                            yield part
                        return
                    url = urljoin(url, _headers(response).get("location", ""))
            raise refused(f"It redirects more than {MAX_REDIRECTS} times.")

    def _check_host(self, parts: SplitResult) -> None:
        if parts.scheme != "https":
            raise refused("It redirects to something that is not https.")
        host = (parts.hostname or "").rstrip(".")
        named = {host} if parts.port in {None, 443} else set[str]()
        named.add(f"{host}:{parts.port or 443}")
        wild = {f"*{name[name.index('.') :]}" for name in named if "." in name}
        if not host or not (named | wild) & set(self._hosts):
            raise refused("Its host is not on DRAMATIS_ALLOWED_HOSTS.")

    async def _from_s3(self, url: str) -> AsyncGenerator[bytes]:
        parts = _split(url)
        if parts.netloc not in self._buckets:
            raise refused("Its bucket is not on DRAMATIS_ALLOWED_BUCKETS.")
        store = bucket(f"s3://{parts.netloc}")
        try:
            found = await obstore.get_async(store, unquote(parts.path).lstrip("/"))
            async for part in found.stream(min_chunk_size=READ_BYTES):
                yield bytes(part)
        except FileNotFoundError:
            raise FileFailedError(
                FailureCode.FETCH_FAILED, "There is no such object in the bucket."
            ) from None
        except (BaseError, OSError) as error:
            raise FetchUnavailableError(f"S3: {type(error).__name__}") from error

    async def _from_inbox(self, url: str) -> AsyncGenerator[bytes]:
        parts = _split(url)
        if self._inbox is None:
            raise refused("file:// is for the embedded profile.")
        if parts.netloc or parts.query or parts.fragment:
            raise refused("It is not of the form file:///folder/file.")
        file = await asyncio.to_thread(_open_inside, self._inbox, unquote(parts.path))
        with os.fdopen(file, "rb") as opened:
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
    except ValueError:
        raise refused("It cannot be read as an address.") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise refused("It has credentials in it.")
    if port == 0 or not (parts.hostname or "").isascii():
        raise refused("Its host is not plain ASCII (use the xn-- form) or has port 0.")
    return parts


def _open_inside(inbox: Path, name: str) -> int:
    """Return an open file descriptor of a regular file whose real place is in the inbox."""
    try:
        path = Path(name).resolve(strict=True)
        if not path.is_relative_to(inbox.resolve()):
            raise refused("It lies outside of the inbox folder.")
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except ValueError:
        raise refused("It cannot be read as a path.") from None
    except OSError as error:
        inside = Path(os.path.normpath(name)).is_relative_to(inbox)
        if not inside:
            raise refused("It lies outside of the inbox folder.") from error
        raise FileFailedError(
            FailureCode.FETCH_FAILED, "There is no such file in the inbox folder."
        ) from error
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise refused("It is not a regular file.")
    return opened


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _headers(response: httpcore.Response) -> Mapping[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}


@asynccontextmanager
async def _asked(pool: httpcore.AsyncConnectionPool, url: str) -> AsyncGenerator[httpcore.Response]:
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
    if _headers(response).get("content-encoding", "identity").lower() != "identity":
        raise FileFailedError(FailureCode.FETCH_FAILED, "It answers with a compressed body.")
    try:
        async for part in response.aiter_stream():
            yield part
    except _BROKEN as error:
        raise FetchUnavailableError(type(error).__name__) from error
