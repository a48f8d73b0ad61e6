"""Speech, voices and quota as ElevenLabs gives them."""

import asyncio
import sys

import pytest
from elevenlabs_clients import client
from pydantic import ValidationError
from service_devkit.testing.waiting import wait_until
from service_devkit.vendors.elevenlabs import audio
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID, VOICES
from voice_svc.adapters.elevenlabs.speech import ElevenLabsSpeech
from voice_svc.domain.provider import (
    ProviderBusyError,
    ProviderQuotaError,
    ProviderThingNotFoundError,
    ProviderUnavailableError,
)
from voice_svc.domain.speech import Utterance

pytestmark = pytest.mark.processes
SAY = "POST /v1/text-to-speech/{voice_id}/stream"
LONG = "It takes a while to say this. " * 30


def an_utterance(text="Good morning", **more):
    return Utterance(text=text, voice_id=DEFAULT_VOICE_ID, **more)


async def test_audio_is_what_was_asked_for(vendor, speech):
    utterance = an_utterance(stability=0.2, style=0.9, speed=1.1, language="de")
    spoken = await speech.say(utterance)
    content = b"".join([part async for part in spoken])
    await spoken.close()
    assert list(audio.frames(content))
    assert audio.read_tag(content) == {
        "voice_id": DEFAULT_VOICE_ID,
        "text": "Good morning",
        "model_id": "eleven_flash_v2_5",
        "language_code": "de",
        "voice_settings": {"stability": 0.2, "style": 0.9, "speed": 1.1},
    }
    assert spoken.concurrency_limit == 10
    assert vendor.state()["violations"] == []


async def test_each_part_comes_when_it_is_made(vendor, speech):
    vendor.behave(chunk_seconds=0.05)
    spoken = await speech.say(an_utterance(LONG))
    parts = [part async for part in spoken]
    await spoken.close()
    with_stamp = [part for part in parts if audio.sent_at_ns(part) is not None]
    assert len(with_stamp) >= audio.chunk_count(LONG) - 2


async def test_audio_that_is_closed_midway_is_open_no_more(vendor, speech):
    vendor.behave(chunk_seconds=30)
    spoken = await speech.say(an_utterance(LONG))
    assert vendor.state()["streams_open"] == 1
    await spoken.close()
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


async def test_a_caller_that_is_cancelled_while_it_waits_leaves_no_stream(vendor, speech):
    vendor.behave(first_byte_seconds=30)
    asking = asyncio.create_task(speech.say(an_utterance()))
    await wait_until(lambda: vendor.state()["streams_open"] == 1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


@pytest.mark.parametrize("kind", ["half", "hang"])
async def test_audio_that_breaks_off_is_told(vendor, hasty, kind):
    vendor.fail({"operation": SAY, "kind": kind, "after": True})
    spoken = await ElevenLabsSpeech(hasty).say(an_utterance(LONG))
    with pytest.raises(ProviderUnavailableError):
        await anext(part async for part in spoken if not part)
    await spoken.close()
    await wait_until(lambda: vendor.state()["streams_open"] == 0)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "code": "too_many_concurrent_requests"}, ProviderBusyError),
        ({"status": 401, "code": "quota_exceeded"}, ProviderQuotaError),
        ({"status": 400, "code": "voice_not_found"}, ProviderThingNotFoundError),
        ({"status": 500}, ProviderUnavailableError),
        ({"kind": "hang"}, ProviderUnavailableError),
        ({"kind": "half"}, ProviderUnavailableError),
    ],
)
async def test_what_goes_wrong_before_the_first_part_is_an_error_and_not_repeated(
    vendor, hasty, fault, error
):
    vendor.fail({"operation": SAY, **fault})
    with pytest.raises(error):
        await ElevenLabsSpeech(hasty).say(an_utterance())
    assert vendor.state()["requests"] == {SAY: 1}


async def test_a_voice_that_is_gone_is_told(speech):
    with pytest.raises(ProviderThingNotFoundError):
        await speech.say(Utterance(text="Hello", voice_id="nobody"))


@pytest.mark.parametrize("wrong", [{"stability": 50}, {"speed": 2}, {"text": ""}])
async def test_what_is_out_of_range_never_reaches_the_vendor(vendor, speech, wrong):
    with pytest.raises(ValidationError):
        await speech.say(an_utterance(**wrong))
    assert vendor.state()["requests"] == {}


async def test_all_voices_of_all_pages(vendor, speech):
    voices = await speech.voices()
    assert len({voice.voice_id for voice in voices}) == VOICES
    assert vendor.state()["requests"]["GET /v2/voices"] == 2
    sarah = next(voice for voice in voices if voice.voice_id == DEFAULT_VOICE_ID)
    assert (sarah.name, sarah.gender, sarah.accent, sarah.category) == (
        "Sarah",
        "female",
        "american",
        "premade",
    )
    assert vendor.state()["violations"] == []


async def test_a_sample_is_the_vendors_own_and_costs_nothing(vendor, speech):
    sample = await speech.sample(DEFAULT_VOICE_ID)
    assert sample is not None
    content = b"".join([part async for part in sample])
    await sample.close()
    assert audio.read_tag(content)["voice_id"] == DEFAULT_VOICE_ID
    assert vendor.state()["characters_used"] == 0
    assert await speech.sample("voice0000000000000009") is None


@pytest.mark.usefixtures("vendor")
async def test_the_quota_is_read(speech):
    await (await speech.say(an_utterance())).close()
    quota = await speech.quota()
    assert (quota.characters_used, quota.characters_limit) == (len("Good morning"), 1_000_000)
    assert quota.resets_at is not None
    assert quota.resets_at.tzinfo is not None


async def test_the_sdk_is_loaded_beside_the_event_loop(vendor):
    """What is loaded on the loop lets nothing else run: it would turn but once."""
    elevenlabs = client(vendor)
    turns = 0

    async def turn():
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    turning = asyncio.create_task(turn())
    was_loaded = "elevenlabs" in sys.modules
    await elevenlabs.sdk()
    turning.cancel()
    await elevenlabs.close()
    assert turns >= (2 if was_loaded else 20)
