"""Files are fetched from where they may be, and from nowhere else: every refusal names its rule."""

import asyncio
import os
import ssl

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_svc.adapters import fetcher as module
from ingest_svc.adapters.fetcher import Fetcher, FetchUnavailableError
from ingest_svc.adapters.public_network import is_public
from ingest_svc.domain.failure import FileFailedError

pytestmark = pytest.mark.timeout(60)
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

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head.decode())
            path = head.split()[1].decode()
            await self.answers[path](writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
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
            "allowed_hosts": ["files.example:*", "*.wild.example"],
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
        ("https://evil.example/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://files.example.evil.example/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://wild.example/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://evilwild.example/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://files.example:8443/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://127.0.0.1/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://2130706433/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://0x7f000001/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://017700000001/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://127.1/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://[::1]/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://[::ffff:127.0.0.1]/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://[fe80::1%25eth0]/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://localhost/a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https:///a", "DRAMATIS_ALLOWED_HOSTS"),
        ("https://user:secret@files.example/a", "credentials"),
        ("https://files.example@evil.example/a", "credentials"),
        ("https://files.example\\@evil.example/a", "backslashes"),
        ("https://files.example /a", "spaces"),
        ("https://files.example/a\r\nHost: evil.example", "control characters"),
        ("https://files.example/\0", "control characters"),
        ("https://fïles.example/a", "ASCII"),
        ("https://[files.example/a", "cannot be read"),
        ("https://files.example:99999/a", "cannot be read"),
        ("s3://theirs/a", "DRAMATIS_ALLOWED_BUCKETS"),
        ("s3://ours@theirs/a", "credentials"),
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
    for host in ("Files.Example", "other.example"):
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


async def test_redirects_stay_among_the_allowed(make, server):
    fetcher = make(allowed_hosts=[f"files.example:{server.port}"])
    server.on("/b", http())
    url = server.on("/a", http(b"", "302 Found", location="/b"))
    assert await got(fetcher, url) == BODY
    for target, rule in (
        ("https://169.254.169.254/latest", "DRAMATIS_ALLOWED_HOSTS"),
        ("http://files.example/b", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https://evil.example/", "DRAMATIS_ALLOWED_HOSTS"),
    ):
        url = server.on("/away", http(b"", "307 Temporary Redirect", location=target))
        assert rule in str(await refusal(fetcher, url))
    url = server.on("/loop", http(b"", "301 Moved", location="/loop"))
    assert "redirects more than 3 times" in str(await refusal(fetcher, url))


@pytest.mark.parametrize(
    ("answer", "error", "said"),
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
async def test_answers_are_told_apart_from_troubles(make, server, answer, error, said):
    url = server.on("/a", answer)
    with pytest.raises(error) as raised:
        await got(make(allowed_hosts=[f"files.example:{server.port}"]), url)
    assert said in str(raised.value)
    if error is FileFailedError:
        assert raised.value.code == "fetch_failed"


async def test_a_server_that_is_away_is_tried_again_later(make):
    with pytest.raises(FetchUnavailableError):
        await got(make(allowed_hosts=["files.example:1"]), "https://files.example:1/a")


async def test_a_server_that_takes_too_long_is_left(make, server, monkeypatch):
    monkeypatch.setattr(module, "FETCH_SECONDS", 0.3)

    async def slow(writer):
        writer.write(http(b"x" * 100)[:-50])
        await writer.drain()
        await asyncio.sleep(30)

    url = server.on("/a", slow)
    with pytest.raises(FetchUnavailableError, match="more than"):
        await got(make(allowed_hosts=[f"files.example:{server.port}"]), url)


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
    os.mkfifo(inbox / "pipe")
    for name, rule in (
        ("link", "outside"),
        ("folder/secret", "outside"),
        ("../secret", "outside"),
        ("%2e%2e/secret", "outside"),
        ("pipe", "regular file"),
        ("", "regular file"),
        ("missing", "no such file"),
    ):
        error = await refusal(make(), f"{inbox.as_uri()}/{name}")
        assert rule in str(error), name
    assert await got(make(), f"{inbox.as_uri()}/within") == BODY


async def test_without_an_inbox_no_local_file_is_read(make, tmp_path):
    (tmp_path / "inbox" / "a").write_bytes(BODY)
    error = await refusal(make(inbox_dir=None), (tmp_path / "inbox" / "a").as_uri())
    assert "embedded profile" in str(error)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "https://", "file://", "s3://", "https://a@"]))
def test_no_text_is_fetched_by_accident(text, scheme):
    async def never(_host, _port):
        raise AssertionError("a name was resolved")

    fetcher = Fetcher(allowed_hosts=[], allowed_buckets=[], inbox_dir=None, resolve=never)
    with pytest.raises(FileFailedError):
        asyncio.run(got(fetcher, scheme + text))
