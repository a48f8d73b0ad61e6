"""Where a broker is: what can be an address, and what its parts become."""

import pytest
from persona_client import AddressError, NatsAddress, Roster


def test_percent_signs_of_user_and_password_are_decoded():
    address = NatsAddress.parse("nats://me%40home:p%40ss%2Fw%3Ard%2541@nats:4333")
    assert (address.user, address.password) == ("me@home", "p@ss/w:rd%41")
    assert address.servers == ("nats://nats:4333",)
    assert "p@ss" not in repr(address)
    assert address.place == "nats:4333"


def test_a_user_alone_is_a_token():
    assert NatsAddress.parse("nats://s3cret@nats").token == "s3cret"


def test_several_servers_share_credentials():
    address = NatsAddress.parse("tls://a:b@one, tls://two:4223,tls://[::1]:4224")
    assert address.servers == ("tls://one:4222", "tls://two:4223", "tls://[::1]:4224")
    assert address.arguments["user"] == "a"


@pytest.mark.parametrize("text", ["nats", "nats:4222", "nats://nats/", "127.0.0.1:4222"])
def test_scheme_and_port_may_be_left_out(text):
    assert NatsAddress.parse(text).servers[0].endswith(":4222")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "http://nats:4222",
        "nats://",
        "nats://:4222",
        "nats://nats:0",
        "nats://nats:99999",
        "nats://nats:port",
        "nats://na ts:4222",
        "nats://nats:4222/path",
        "nats://nats:4222?x=1",
        "nats://one:4222,ws://two:80",
        "nats://a:b@one,nats://c:d@two",
        "postgresql://nats:4222",
        "nats://nats:4222#x",
        "nats://me:s3cret/x@nats:4222",
        "nats://[::1:4222",
    ],
)
def test_what_cannot_be_an_address_is_refused_without_its_password(text):
    with pytest.raises(AddressError) as refused:
        NatsAddress.parse(text)
    assert "s3cret" not in str(refused.value)
    with pytest.raises(AddressError):
        Roster(text)


@pytest.mark.parametrize("prefix", ["", "_INBOX.", "a b", "_INBOX.>", "_IN*", ".x"])
def test_an_inbox_prefix_that_cannot_stand_in_a_subject_is_refused(prefix):
    with pytest.raises(AddressError):
        NatsAddress(servers=("nats://nats:4222",), inbox_prefix=prefix)


def test_a_domain_that_cannot_stand_in_a_subject_is_refused():
    with pytest.raises(AddressError):
        NatsAddress(servers=("nats://nats:4222",), domain="a.b")
