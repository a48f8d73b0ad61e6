"""Choose the voice that a persona speaks with: its own, or one in its place."""

from dataclasses import dataclass

from persona_contracts import ResolvedPersona
from service_kit.errors import ServiceError
from service_kit.store import Store

from voice_svc.adapters import known_voices
from voice_svc.domain.voice_likeness import VoiceTraits, most_similar
from voice_svc.usecases.list_voices import ListVoices
from voice_svc.usecases.ports import Voices


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenVoice:
    """A voice, and the persona's own that it replaces; `traits` of the own, if they are told."""

    voice_id: str
    replaced_voice_id: str | None = None
    traits: VoiceTraits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseVoice:
    """Chooses voices, and remembers what they are like."""

    store: Store
    provider: Voices
    voices: ListVoices
    default_voice_id: str

    async def choose(self, workspace_id: str, persona: ResolvedPersona) -> ChosenVoice:
        """Return the first voice that there is: own, fallbacks, the most similar, the default.

        Raises:
            ServiceError: as the port `Voices` says.
        """
        voice = persona.voice
        if voice is None or voice.voice_id is None or voice.voice_id == self.default_voice_id:
            return ChosenVoice(voice_id=self.default_voice_id)
        own = voice.voice_id
        if await self.provider.exists(own):
            return ChosenVoice(voice_id=own, traits=await self.find_traits(own))
        for voice_id in voice.fallback_voice_ids:
            if await self.provider.exists(voice_id):
                return ChosenVoice(voice_id=voice_id, replaced_voice_id=own)
        similar = await self.find_similar(workspace_id, own)
        return ChosenVoice(voice_id=similar or self.default_voice_id, replaced_voice_id=own)

    async def find_similar(self, workspace_id: str, voice_id: str) -> str | None:
        """Return the voice that is most like one that is gone; None: not known, or none is."""
        async with self.store.workspace(workspace_id) as session:
            traits = await known_voices.find(session, workspace_id, voice_id)
        if traits is None:
            return None
        try:
            listed = (await self.voices.all()).voices
        except ServiceError:
            return None
        found = most_similar(traits, [each for each in listed if each.voice_id != voice_id])
        return found and found.voice_id

    async def find_traits(self, voice_id: str) -> VoiceTraits | None:
        """Return what a voice is like, if the provider tells."""
        try:
            listed = (await self.voices.all()).voices
        except ServiceError:
            return None
        return next((VoiceTraits.of(each) for each in listed if each.voice_id == voice_id), None)
