"""Audio is kept for a day, within its bound, for whoever has the key, and for nobody else."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr
from service_devkit.testing.rollback import as_worker, rolled_back
from sqlalchemy import text
from voice_svc.adapters.audio_cache import KEPT, AudioCache, purge
from voice_svc.domain.speech import Utterance

KEY = SecretStr("a key of 32 characters, or of more")
SPOKEN = Utterance(text="Good morning", voice_id="sarah")
AUDIO = b"\xff\xfb" * 5_000
SEALED_BYTES = len(AUDIO) + 28


@pytest.fixture
async def session(voice_database, workspace_id):
    async with rolled_back(voice_database, "voice-svc", workspace_id) as opened:
        yield opened


@pytest.fixture
def keep(session, workspace_id):
    """Return a function that keeps audio, so long ago, and returns its persona and digest."""

    async def kept(cache, spoken=SPOKEN, ago=timedelta(0)):
        persona_id = uuid4()
        digest = cache.digest(persona_id, spoken)
        await cache.put(session, workspace_id, persona_id, digest, AUDIO)
        await session.execute(
            text("update audio set stored_at = now() - cast(:ago as interval) where digest = :id"),
            {"ago": ago, "id": digest},
        )
        return persona_id, digest

    return kept


async def prune(cache, session):
    async with as_worker(session):
        await cache.prune(session)


async def test_replicas_with_one_key_share_it_and_others_cannot_read_it(session, keep):
    persona_id, digest = await keep(AudioCache(key=KEY, max_bytes=10**6))
    replica = AudioCache(key=KEY, max_bytes=10**6)
    assert replica.digest(persona_id, SPOKEN) == digest
    assert await replica.get(session, digest) == AUDIO
    stranger = AudioCache(max_bytes=10**6)
    assert stranger.digest(persona_id, SPOKEN) != digest
    assert await stranger.get(session, digest) is None


async def test_audio_that_was_moved_to_another_question_is_not_read(session, keep):
    cache = AudioCache(key=KEY, max_bytes=10**6)
    _, mine = await keep(cache)
    _, other = await keep(cache, Utterance(text="Good night", voice_id="sarah"))
    await session.execute(
        text("update audio set sealed = (select sealed from audio where digest = :other)"
             " where digest = :mine"),
        {"mine": mine, "other": other},
    )  # fmt: skip
    assert await cache.get(session, mine) is None


@pytest.mark.parametrize(
    ("ago", "is_kept"),
    [(timedelta(0), True), (KEPT - timedelta(minutes=1), True), (KEPT, False)],
)
async def test_it_is_heard_for_24_hours_and_then_deleted(session, keep, ago, is_kept):
    cache = AudioCache(key=KEY, max_bytes=10**6)
    _, digest = await keep(cache, ago=ago)
    assert (await cache.get(session, digest) is not None) == is_kept
    await prune(cache, session)
    left = await session.scalar(text("select count(*) from audio"))
    assert left == int(is_kept)


async def test_above_the_bound_the_oldest_go(session, keep):
    cache = AudioCache(key=KEY, max_bytes=3 * SEALED_BYTES)
    kept = [await keep(cache, ago=timedelta(hours=hours)) for hours in range(5)]
    await prune(cache, session)
    found = [await cache.get(session, digest) is not None for _, digest in kept]
    assert found == [True, True, True, False, False]


async def test_a_purge_deletes_what_is_kept_of_one_persona(session, keep):
    cache = AudioCache(key=KEY, max_bytes=10**6)
    (persona_id, mine), (_, other) = await keep(cache), await keep(cache)
    await purge(session, persona_id)
    assert await cache.get(session, mine) is None
    assert await cache.get(session, other) == AUDIO
