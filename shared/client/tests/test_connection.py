"""A Roster says which it is: credentials, permission, stream or network; and TLS is TLS."""

import json
import ssl
from dataclasses import replace

import pytest
import trustme
from persona_client import NatsAddress, Roster
from service_devkit.embedded.nats import NatsProcess
from service_devkit.testing.waiting import wait_until

pytestmark = pytest.mark.processes
LIMITED = """authorization { users: [
  { user: all, password: "p@ss" }
  { user: some, password: "p@ss", permissions: { subscribe: "_INBOX_some.>",
    publish: "$JS.API.STREAM.INFO.PERSONA_STATE" } }
] }
"""


async def until_failing(address, cause):
    """Wait until a Roster names `cause`; a server that hangs up may be seen before its reason."""
    async with Roster(address, start_timeout_seconds=0) as roster:

        async def is_named():
            return cause in roster.failing

        await wait_until(is_named)


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    with NatsProcess(tmp_path_factory.mktemp("limited"), included=LIMITED) as running:
        yield running


def url(server, user, typed="p%40ss"):
    return server.address.replace("://", f"://{user}:{typed}@")


async def test_a_roster_says_why_it_cannot_follow(limited):
    await until_failing(url(limited, "all", "wrong"), "refuses these credentials")
    await until_failing(url(limited, "all"), "no stream PERSONA_STATE")
    await until_failing("nats://127.0.0.1:1", "unreachable")
    await until_failing(url(limited, "some"), "no permission to subscribe to _INBOX.")


async def test_a_missing_permission_is_named_with_its_subject(limited):
    some = NatsAddress.parse(url(limited, "some"))
    own = replace(some, inbox_prefix="_INBOX_some", domain="HUB")
    subject = "$JS.HUB.API.STREAM.INFO.PERSONA_STATE"
    await until_failing(own, f"no permission to publish to {subject}")


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture
def client_tls(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def behind_tls(authority, tmp_path):
    """A server that begins with the TLS handshake."""
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    tls = {"cert_file": f"{tmp_path}/cert.pem", "key_file": f"{tmp_path}/key.pem"}
    included = f"tls: {json.dumps({**tls, 'handshake_first': True})}\n{LIMITED}"
    process = NatsProcess(tmp_path / "nats", included=included)
    process.spawn()
    yield process
    process.stop()


async def test_a_server_without_tls_is_refused(limited, client_tls):
    tls = url(limited, "all").replace("nats://", "tls://")
    address = replace(NatsAddress.parse(tls), tls=client_tls)
    await until_failing(address, "no stream")  # nats-py goes on in clear text
    await until_failing(replace(address, tls_handshake_first=True), "unreachable")


async def test_a_server_that_begins_with_tls_is_followed(behind_tls, client_tls):
    tls = url(behind_tls, "all").replace("nats://", "tls://")
    address = replace(NatsAddress.parse(tls), tls=client_tls, tls_handshake_first=True)
    async with Roster(address, start_timeout_seconds=0) as roster:

        async def answers():
            return "no stream" in roster.failing

        await wait_until(answers)
