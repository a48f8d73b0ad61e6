"""Files are fetched from where they may be, and from nowhere else: every refusal names its rule."""

import asyncio
import gzip
import os
import resource
import socket
import ssl
import stat

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from ingest_svc.adapters import fetcher as module
from ingest_svc.adapters.fetcher import Fetcher, FetchUnavailableError
from ingest_svc.adapters.originals import MAX_FILE_BYTES
from ingest_svc.adapters.public_network import is_public
from ingest_svc.domain.failure import FileFailedError
from service_devkit.testing.http_stub import HttpStub, Reply
from service_devkit.testing.waiting import HANG_SECONDS

BODY = b"A bicycle costs 49 euros."
PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(path)
    return made, path


class Server:
    """HTTPS on loopback: answers by path, and counts who came."""

    def __init__(self):
        self.port = 0
        self.requests = []
        self.answers = {}
        self.connections = 0
        self.left = asyncio.Event()
        self._open = {}

    async def close(self):
        """Hang up on whoever is still there, so that nothing outlives the test's event loop."""
        for writer in self._open.values():
            writer.transport.abort()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0)  # lets the transports close their sockets

    async def serve(self, reader, writer):
        self.connections += 1
        self._open[asyncio.current_task()] = writer
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head.decode())
            path = head.split()[1].decode()
            await self.answers[path](writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.left.set()
            writer.close()

    def on(self, path, answer):
        async def write(writer):
            writer.write(answer)

        self.answers[path] = answer if callable(answer) else write
        return f"https://files.example:{self.port}{path}"


@pytest.fixture
async def server(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("files.example", "other.example").configure_cert(context)
    served = Server()
    running = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
    served.port = running.sockets[0].getsockname()[1]
    yield served
    running.close()
    await served.close()


def http(body=BODY, status="200 OK", **headers):
    head = {"content-length": len(body), **{k.replace("_", "-"): v for k, v in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


@pytest.fixture
def make(authority, tmp_path):
    async def to_loopback(_host, _port):
        return ["127.0.0.1"]

    def fetcher(**values):
        given = {
            "allowed_hosts": ["files.example", "*.wild.example"],
            "allowed_buckets": ["ours"],
            "inbox_dir": tmp_path / "inbox",
            "fetch_private_addresses": True,
            "fetch_ca_file": authority[1],
            "resolve": to_loopback,
        }
        return Fetcher(**{**given, **values})

    (tmp_path / "inbox").mkdir()
    return fetcher


async def got(fetcher, url):
    return b"".join([part async for part in fetcher.fetch(url)])


async def refusal(fetcher, url):
    with pytest.raises(FileFailedError) as refused:
        await got(fetcher, url)
    return refused.value


async def test_a_file_of_an_allowed_host_is_fetched(make, server):
    url = server.on("/prices.txt", http())
    assert await got(make(allowed_hosts=[f"files.example:{server.port}"]), url) == BODY
    (request,) = server.requests
    assert f"Host: files.example:{server.port}" in request
    assert "accept-encoding: identity" in request.lower()


async def test_a_certificate_that_nobody_vouches_for_is_not_enough(make, server):
    url = server.on("/prices.txt", http())
    with pytest.raises(FetchUnavailableError):
        await got(make(allowed_hosts=[f"files.example:{server.port}"], fetch_ca_file=None), url)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://files.example/a", "scheme"),
        ("ftp://files.example/a", "scheme"),
        ("gopher://files.example/a", "scheme"),
        ("data:text/plain,a", "scheme"),
        ("files.example/a", "scheme"),
        ("", "scheme"),
        ("https://evil.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://files.example.evil.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://a.b.wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://files.example../a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://files%2eexample/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://evil.example/a?token=secret#secret", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://evilwild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://.wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://..wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://*.wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://-a.wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://a-.wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        (f"https://{'a' * 64}.wild.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://files.example:8443/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://127.0.0.1/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://2130706433/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://0x7f000001/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://017700000001/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://127.1/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://[::1]/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://[::ffff:127.0.0.1]/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://[fe80::1%25eth0]/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://localhost/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https:///a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://user:secret@files.example/a", "credentials"),
        ("https://files.example@evil.example/a", "credentials"),
        ("https://files.example\\@evil.example/a", "backslashes"),
        ("https://files.example /a", "spaces"),
        ("https://files.example/a\r\nHost: evil.example", "control characters"),
        ("https://files.example/\0", "control characters"),
        ("https://fïles.example/a", "ASCII"),
        ("https://[files.example/a", "cannot be read"),
        ("https://files.example:99999/a", "cannot be read"),
        ("https://files.example/\ud800", "cannot be read"),
        ("https://files.example:0/a", "port 0"),
        ("https://xn--fles-8pa.example/a", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("s3://theirs/a", "DRAMATIS_INGEST_ALLOWED_BUCKETS"),
        ("s3://ours@theirs/a", "credentials"),
        ("s3://ours", "s3://bucket/key"),
        ("s3://ours/", "s3://bucket/key"),
        ("s3://ours/a?versionId=1", "s3://bucket/key"),
        ("s3://ours/a#1.pdf", "s3://bucket/key"),
        ("s3://ours/../theirs/a", "parts"),
        ("s3://ours/a/%2e%2e/%2e%2e/theirs", "parts"),
        ("file:///etc/passwd", "outside of the inbox"),
        ("file:///etc/../etc/passwd", "outside of the inbox"),
        ("file:///nowhere/at/all", "outside of the inbox"),
        ("file://host/inbox/a", "form"),
        ("file:///a?b", "form"),
    ],
)
async def test_what_may_not_be_fetched_says_by_which_rule(make, url, rule):
    fetcher = make(allowed_hosts=["files.example", "*.wild.example"])
    error = await refusal(fetcher, url)
    assert (error.code, rule in str(error)) == ("fetch_refused", True), str(error)
    assert "secret" not in str(error)
    assert "passwd" not in str(error)


async def test_hosts_are_compared_as_dns_does(make, server):
    server.on("/a", http())
    fetcher = make(allowed_hosts=[f"FILES.example:{server.port}", f"*.example:{server.port}"])
    for host in ("Files.Example", "files.example.", "other.example"):
        assert await got(fetcher, f"https://{host}:{server.port}/a") == BODY


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::",  # noqa: S104 — not bound to
        "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "2001:0:7f00:1::", "no address",
    ],
)  # fmt: skip
async def test_a_host_with_a_private_address_is_refused(make, server, address):
    async def resolve(_host, _port):
        return [PUBLIC, address]

    url = server.on("/a", http())
    fetcher = make(
        allowed_hosts=[f"files.example:{server.port}"],
        fetch_private_addresses=False,
        resolve=resolve,
    )
    error = await refusal(fetcher, url)
    assert (error.code, "not a public one" in str(error)) == ("fetch_refused", True)
    assert address not in str(error)
    assert server.connections == 0


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_is_public_in_disguise_only(address):
    packed = int(address)
    in_hex = f"{packed >> 16:x}:{packed & 0xFFFF:x}"
    for disguised in (f"::ffff:{in_hex}", f"64:ff9b::{in_hex}", f"2002:{in_hex}::"):
        assert not is_public(disguised) or is_public(str(address))


async def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(make, server):
    asked = []

    async def rebinding(host, _port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    url = server.on("/a", http())
    fetcher = make(allowed_hosts=[f"files.example:{server.port}"], resolve=rebinding)
    assert await got(fetcher, url) == BODY
    assert asked == ["files.example"]
    assert server.connections == 1


async def test_the_connection_goes_to_the_address_that_was_checked(make, server, monkeypatch):
    answers = [[PUBLIC], ["127.0.0.1"]]
    dialled = []

    async def rebinding(_host, _port):
        return answers.pop(0)

    async def refuse(_sock, address):
        dialled.append(address)
        raise ConnectionRefusedError

    # The last step before the system's own connect, so that nothing leaves this machine.
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refuse)
    fetcher = make(
        allowed_hosts=[f"files.example:{server.port}"],
        fetch_private_addresses=False,
        resolve=rebinding,
    )
    with pytest.raises(FetchUnavailableError):
        await got(fetcher, server.on("/a", http()))
    assert dialled == [(PUBLIC, server.port)]
    assert len(answers) == 1
    assert server.connections == 0


async def test_redirects_stay_among_the_allowed(make, server):
    fetcher = make(allowed_hosts=[f"files.example:{server.port}"])
    server.on("/b", http())
    url = server.on("/a", http(b"", "302 Found", location="/b"))
    assert await got(fetcher, url) == BODY
    for target, rule in (
        ("https://169.254.169.254/latest", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("http://files.example/b", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https://evil.example/", "DRAMATIS_INGEST_ALLOWED_HOSTS"),
        ("https://[x", "cannot be read"),
        ("//[::1", "cannot be read"),
    ):
        url = server.on("/away", http(b"", "307 Temporary Redirect", location=target))
        assert rule in str(await refusal(fetcher, url))
    url = server.on("/loop", http(b"", "301 Moved", location="/loop"))
    assert "redirects more than 3 times" in str(await refusal(fetcher, url))
    url = server.on("/nowhere", http(b"", "302 Found"))
    assert "nowhere" in str(await refusal(fetcher, url))


async def test_at_most_three_redirects_are_followed(make, server):
    fetcher = make(allowed_hosts=[f"files.example:{server.port}"])
    server.on("/0", http())
    for left in range(1, 5):
        url = server.on(f"/{left}", http(b"", "308 Moved", location=f"/{left - 1}"))
        if left <= 3:
            assert await got(fetcher, url) == BODY
    assert "redirects more than 3 times" in str(await refusal(fetcher, url))


async def test_each_redirect_resolves_and_checks_its_host_anew(make, server):
    async def resolve(host, _port):
        return ["127.0.0.1"] if host == "files.example" else []

    fetcher = make(allowed_hosts=[f"*.example:{server.port}"], resolve=resolve)
    target = f"https://other.example:{server.port}/b"
    url = server.on("/a", http(b"", "302 Found", location=target))
    with pytest.raises(FetchUnavailableError):
        await got(fetcher, url)
    assert server.connections == 1


async def test_what_is_not_ascii_in_a_path_is_sent_in_its_escaped_form(make, server):
    server.on("/pr%C3%A9cios%20a?%C3%BC=%2F", http())
    fetcher = make(allowed_hosts=[f"files.example:{server.port}"])
    url = f"https://files.example:{server.port}/précios%20a?ü=%2F#part"
    assert await got(fetcher, url) == BODY


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (http(b"", "404 Not Found"), FileFailedError, "404"),
        (http(b"", "403 Forbidden"), FileFailedError, "403"),
        (http(b"", "204 No Content"), FileFailedError, "204"),
        (http(content_encoding="gzip"), FileFailedError, "compressed"),
        (http(b"", "500 Oops"), FetchUnavailableError, "500"),
        (http(b"", "429 Slow"), FetchUnavailableError, "429"),
        (http(b"", "503 Busy"), FetchUnavailableError, "503"),
        (http()[:-5], FetchUnavailableError, ""),
        (b"no http\r\n\r\n", FetchUnavailableError, ""),
        (b"", FetchUnavailableError, ""),
    ],
)
async def test_answers_are_told_apart_from_troubles(make, server, answer, error, message):
    url = server.on("/a", answer)
    with pytest.raises(error) as raised:
        await got(make(allowed_hosts=[f"files.example:{server.port}"]), url)
    assert message in str(raised.value)
    if error is FileFailedError:
        assert raised.value.code == "fetch_failed"


async def test_a_compressed_body_is_not_even_unpacked(make, server):
    bomb = gzip.compress(bytes(20 * 1024 * 1024))
    url = server.on("/a", http(bomb, content_encoding="gzip"))
    error = await refusal(make(allowed_hosts=[f"files.example:{server.port}"]), url)
    assert (error.code, "compressed" in str(error)) == ("fetch_failed", True)


async def test_a_body_ends_where_it_was_announced_to_end(make, server):
    url = server.on("/a", http(BODY, content_length=9) + b"and more")
    assert await got(make(allowed_hosts=[f"files.example:{server.port}"]), url) == BODY[:9]


async def test_a_body_that_is_announced_too_large_is_not_read(make, server):
    url = server.on("/a", http(b"x", content_length=MAX_FILE_BYTES + 1))
    assert (
        await refusal(make(allowed_hosts=[f"files.example:{server.port}"]), url)
    ).code == "too_large"


def sending(size_bytes):
    """Answer with so many bytes, of which nothing says how many they are."""

    async def send(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(size_bytes // 65536):
            writer.write(bytes(65536))
            await writer.drain()

    return send


async def test_a_large_file_passes_through_without_being_held(make, server):
    url = server.on("/a", sending(MAX_FILE_BYTES))
    size_bytes, before = 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async for part in make(allowed_hosts=[f"files.example:{server.port}"]).fetch(url):
        size_bytes += len(part)
    assert size_bytes == MAX_FILE_BYTES
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 * 1024


async def test_an_endless_body_is_left_at_the_limit(make, server):
    url = server.on("/a", sending(100 * MAX_FILE_BYTES))
    error = await refusal(make(allowed_hosts=[f"files.example:{server.port}"]), url)
    assert error.code == "too_large"
    await asyncio.wait_for(server.left.wait(), HANG_SECONDS)


async def test_a_fetch_that_is_cancelled_hangs_up(make, server):
    asked = asyncio.Event()

    async def silent(writer):
        writer.write(http(b"x", content_length=100))
        await writer.drain()
        asked.set()
        await writer.wait_closed()

    url = server.on("/a", silent)
    fetching = asyncio.create_task(got(make(allowed_hosts=[f"files.example:{server.port}"]), url))
    await asked.wait()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await asyncio.wait_for(server.left.wait(), HANG_SECONDS)


async def test_a_server_that_is_away_is_tried_again_later(make):
    with pytest.raises(FetchUnavailableError):
        await got(make(allowed_hosts=["files.example:1"]), "https://files.example:1/a")


async def test_a_server_that_never_says_hello_is_left(make, monkeypatch):
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"files.example:{silent.getsockname()[1]}"
        with pytest.raises(FetchUnavailableError, match="ConnectTimeout"):
            await got(make(allowed_hosts=[host]), f"https://{host}/a")


async def test_a_server_that_takes_too_long_is_left(make, server, monkeypatch):
    monkeypatch.setattr(module, "FETCH_SECONDS", 0.3)

    async def drip(writer):
        writer.write(http(b"", content_length=10_000))
        while True:  # each byte in time, all of them never
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    url = server.on("/a", drip)
    with pytest.raises(FetchUnavailableError, match="more than"):
        await got(make(allowed_hosts=[f"files.example:{server.port}"]), url)


@pytest.fixture
async def s3(monkeypatch):
    async with HttpStub() as stub:
        for name, value in {
            "AWS_ENDPOINT": stub.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "never-shown",
            "AWS_REGION": "eu-north-1",
        }.items():
            monkeypatch.setenv(name, value)
        yield stub


async def test_an_object_of_an_allowed_bucket_is_fetched(make, s3):
    written = {"etag": '"a"', "last-modified": "Sat, 21 Nov 2026 03:00:00 GMT"}
    s3.on("GET", "/ours/folder/a%20b.txt", Reply(headers=written, body=BODY))
    assert await got(make(), "s3://ours/folder/a%20b.txt") == BODY
    with pytest.raises(FileFailedError):
        await got(make(), "s3://theirs/folder/a%20b.txt")
    assert len(s3.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, FileFailedError), (403, FileFailedError), (503, FetchUnavailableError)],
)
async def test_a_bucket_that_has_no_object_is_told_from_one_that_is_away(make, s3, status, error):
    s3.on("GET", "/ours/a", Reply(status=status))
    with pytest.raises(error) as raised:
        await got(make(), "s3://ours/a")
    assert "never-shown" not in str(raised.value)
    if error is FileFailedError:
        assert raised.value.code == "fetch_failed"


def test_a_file_in_the_inbox_is_read(make, tmp_path):
    (tmp_path / "inbox" / "a b.txt").write_bytes(BODY)
    url = (tmp_path / "inbox" / "a b.txt").as_uri()
    assert asyncio.run(got(make(), url)) == BODY


async def test_the_inbox_has_no_way_out(make, tmp_path):
    inbox = tmp_path / "inbox"
    (tmp_path / "secret").write_bytes(b"secret")
    (inbox / "link").symlink_to(tmp_path / "secret")
    (inbox / "folder").symlink_to(tmp_path)
    (inbox / "within").symlink_to(inbox / "real")
    (inbox / "real").write_bytes(BODY)
    (inbox / "circle").symlink_to(inbox / "round")
    (inbox / "round").symlink_to(inbox / "circle")
    (inbox / "zero").symlink_to("/dev/zero")
    os.mkfifo(inbox / "pipe")
    os.mknod(inbox / "socket", stat.S_IFSOCK | 0o600)
    for name, rule in (
        ("link", "outside"),
        ("folder/secret", "outside"),
        ("../secret", "outside"),
        ("%2e%2e/secret", "outside"),
        ("zero", "outside"),
        ("a%00b", "path"),
        ("pipe", "regular file"),
        ("socket", "regular file"),
        ("", "regular file"),
        ("missing", "no such file"),
        ("circle", "no such file"),
    ):
        error = await refusal(make(), f"{inbox.as_uri()}/{name}")
        assert rule in str(error), name
    assert await got(make(), f"{inbox.as_uri()}/within") == BODY


async def test_a_file_in_the_inbox_may_be_too_large_as_well(make, tmp_path):
    (tmp_path / "inbox" / "large").touch()
    os.truncate(tmp_path / "inbox" / "large", MAX_FILE_BYTES + 1)
    error = await refusal(make(), (tmp_path / "inbox" / "large").as_uri())
    assert error.code == "too_large"


async def test_without_an_inbox_no_local_file_is_read(make, tmp_path):
    (tmp_path / "inbox" / "a").write_bytes(BODY)
    error = await refusal(make(inbox_dir=None), (tmp_path / "inbox" / "a").as_uri())
    assert "embedded profile" in str(error)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "file://", "s3://", "https://a@"]))
def test_no_text_is_fetched_by_accident(text, scheme):
    async def never(_host, _port):
        raise AssertionError("a name was resolved")

    fetcher = Fetcher(allowed_hosts=[], allowed_buckets=[], inbox_dir=None, resolve=never)
    with pytest.raises(FileFailedError):
        asyncio.run(got(fetcher, scheme + text))
