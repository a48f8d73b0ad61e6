"""The adapter over the stand-in for ElevenLabs, a process."""

import pytest
from elevenlabs_clients import client
from service_devkit.vendors.elevenlabs import FakeElevenLabs
from voice_svc.adapters.elevenlabs.agents import ElevenLabsAgents
from voice_svc.adapters.elevenlabs.speech import ElevenLabsSpeech

TIMEOUT_SECONDS = 1.0
"""Of a call in the tests of what hangs."""


@pytest.fixture(scope="session")
def fake(tmp_path_factory):
    with FakeElevenLabs(tmp_path_factory.mktemp("fake") / "fake.log") as server:
        yield server


@pytest.fixture
def vendor(fake):
    """Return the stand-in, as it was when it began but for what was made."""
    fake.fail()
    fake.behave(
        max_concurrent=10,
        first_byte_seconds=0.0,
        chunk_seconds=0.0,
        character_limit=1_000_000,
        forgets=[],
    )
    fake.forget_counts()
    return fake


@pytest.fixture
async def elevenlabs(vendor):
    made = client(vendor)
    await made.sdk()
    yield made
    await made.close()


@pytest.fixture
async def hasty(vendor):
    """Return a client that waits TIMEOUT_SECONDS for an answer."""
    made = client(vendor, timeout_seconds=TIMEOUT_SECONDS)
    await made.sdk()
    yield made
    await made.close()


@pytest.fixture
def agents(elevenlabs):
    return ElevenLabsAgents(elevenlabs)


@pytest.fixture
def speech(elevenlabs):
    return ElevenLabsSpeech(elevenlabs)
