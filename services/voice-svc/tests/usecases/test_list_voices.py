"""The voices are kept while the provider is away."""

import pytest
from voice_svc.domain.provider import ProviderUnavailableError
from voice_svc.domain.speech import Voice
from voice_svc.usecases.list_voices import ListVoices


class Provider:
    def __init__(self):
        self.asked = 0
        self.is_away = False

    async def voices(self):
        self.asked += 1
        if self.is_away:
            raise ProviderUnavailableError("away")
        return [
            Voice(
                voice_id=f"v{self.asked}",
                name="Sarah",
                category=None,
                gender=None,
                accent=None,
                age=None,
                language=None,
                description=None,
                has_sample=True,
            )
        ]

    async def sample(self, _):
        return None


async def test_voices_are_asked_for_once_while_they_are_fresh():
    provider = Provider()
    catalogue = ListVoices(provider=provider)
    assert await catalogue.all() == await catalogue.all()
    assert provider.asked == 1


async def test_old_voices_are_asked_for_again():
    catalogue = ListVoices(provider=Provider(), fresh_seconds=0)
    await catalogue.all()
    assert [voice.voice_id for voice in (await catalogue.all()).voices] == ["v2"]


async def test_while_the_provider_is_away_the_last_are_given_and_told_as_stale():
    provider = Provider()
    catalogue = ListVoices(provider=provider, fresh_seconds=0)
    fresh = await catalogue.all()
    provider.is_away = True
    for _ in range(3):
        stale = await catalogue.all()
        assert (stale.voices, stale.read_at, stale.is_stale) == (fresh.voices, fresh.read_at, True)
    assert provider.asked == 2  # and not at each request


async def test_without_any_the_error_is_told():
    provider = Provider()
    provider.is_away = True
    with pytest.raises(ProviderUnavailableError):
        await ListVoices(provider=provider).all()
