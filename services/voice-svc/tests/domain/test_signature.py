"""Our verifier of webhook signatures takes what the vendor signs now, and nothing else."""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from voice_svc.domain.signature import SignatureRefusedError, require_recent, verify_signature

SECRET = "wsec_of_the_vendor"
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=5)
BODIES = [
    b'{"type":"post_call_transcription"}',
    '{"message":"Grüezi, 東京"}'.encode(),
    b"\xff\xfe\x00 no text at all",
    b"",
    b'{"t":"1,v0=2"}',
]


def signed(body, at=NOW, secret=SECRET):
    seconds = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), seconds.encode() + b"." + body, sha256).hexdigest()
    return f"t={seconds},v0={digest}"


@pytest.mark.parametrize("body", BODIES)
def test_what_is_signed_is_taken_with_its_time_whatever_the_bytes(body):
    assert verify_signature(signed(body), body, SECRET) == NOW


@pytest.mark.parametrize("body", BODIES)
def test_a_signature_with_another_secret_is_refused(body):
    with pytest.raises(SignatureRefusedError):
        verify_signature(signed(body, secret="wsec_of_somebody"), body, SECRET)


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_tampered_body_is_refused(place):
    body = bytearray(BODIES[0])
    header = signed(bytes(body))
    body[place] ^= 1
    with pytest.raises(SignatureRefusedError):
        verify_signature(header, bytes(body), SECRET)


def test_another_time_in_the_header_is_refused():
    body = BODIES[0]
    later = signed(body).replace(f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp()) + 60}")
    with pytest.raises(SignatureRefusedError):
        verify_signature(later, body, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v0=",
        "v0=ab",
        "t=1",
        "t=1,v0=",
        "t=1,v0=" + "0" * 64,
        "t=-1,v0=ab",
        "t=1e9,v0=ab",
        "t=١٢,v0=ab",
        "t=99999999999999999999,v0=ab",
        "t=1,t=2,v0=ab",
        "nonsense",
        "t=1,v0=\xe9\xff",
        "," * 1_000,
    ],
)
def test_a_header_that_cannot_be_right_is_refused(header):
    with pytest.raises(SignatureRefusedError):
        verify_signature(header, b"{}", SECRET)


def test_a_header_is_read_as_its_parts_are_meant():
    body = BODIES[0]
    time, digest = signed(body).split(",")
    for header in (
        f"{digest},{time}",
        f"{time}, {digest}",
        f"{time},v1=other,{digest}",
        f"{time},v0={'0' * 64},{digest}",
        f"{time},v0={digest.removeprefix('v0=').upper()}",
    ):
        assert verify_signature(header, body, SECRET) == NOW


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_a_time_within_the_window_is_recent(seconds):
    require_recent(NOW + timedelta(seconds=seconds), NOW, WINDOW)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10 * 365 * 86_400])
def test_a_time_outside_the_window_is_refused_past_or_future(seconds):
    with pytest.raises(SignatureRefusedError):
        require_recent(NOW + timedelta(seconds=seconds), NOW, WINDOW)
