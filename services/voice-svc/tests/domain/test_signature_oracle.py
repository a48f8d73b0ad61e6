"""Our verifier beside the vendor's own, from its SDK: alike where that one is right."""

import hmac
import time
from hashlib import sha256

import pytest
from elevenlabs.client import ElevenLabs
from voice_svc.domain.signature import SignatureRefusedError, verify_signature

SECRET = "wsec_of_the_vendor"
BODY = '{"type":"post_call_transcription","data":{"message":"Grüezi"}}'
YEARS = 10 * 365 * 86_400


def signed(body, at=None, secret=SECRET):
    seconds = int(at or time.time())
    digest = hmac.new(secret.encode(), f"{seconds}.{body}".encode(), sha256).hexdigest()
    return f"t={seconds},v0={digest}"


@pytest.fixture(scope="module")
def theirs():
    client = ElevenLabs(api_key="none")

    def takes(body, header):
        try:
            client.webhooks.construct_event(body, header, SECRET)
        except Exception:  # noqa: BLE001 — whatever it raises, it does not take it
            return False
        return True

    return takes


def ours(body, header):
    try:
        verify_signature(header, body.encode() if isinstance(body, str) else body, SECRET)
    except SignatureRefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("body", "header", "right"),
    [
        (BODY, signed(BODY), True),
        ("{}", signed("{}"), True),
        (BODY, signed(BODY, secret="wsec_other"), False),
        (BODY + " ", signed(BODY), False),
        (BODY, signed(BODY).replace("v0=", "v1="), False),
        (BODY, "", False),
        (BODY, "t=now,v0=ab", False),
    ],
    ids=[  # not the headers: they hold the time, which differs between workers
        "right",
        "empty-object",
        "another-secret",
        "another-body",
        "another-scheme",
        "none",
        "no-time",
    ],
)
def test_they_agree(theirs, body, header, right):
    assert (ours(body, header), theirs(body, header)) == (right, right)


def test_ours_takes_bytes_which_theirs_does_not(theirs):
    body = BODY.encode()
    assert ours(body, signed(BODY))
    assert not theirs(body, signed(BODY))


def test_theirs_takes_a_time_of_years_ahead_which_ours_leaves_to_the_window(theirs):
    assert theirs(BODY, signed(BODY, time.time() + YEARS))
