"""Which voice is most like another."""

from collections.abc import Iterable
from dataclasses import dataclass

from voice_svc.domain.speech import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceTraits:
    """What a voice is like, in the provider's words; None: it did not say."""

    gender: str | None
    accent: str | None
    age: str | None
    language: str | None

    @classmethod
    def of(cls, voice: Voice) -> "VoiceTraits":
        """Return what a voice is like."""
        return cls(gender=voice.gender, accent=voice.accent, age=voice.age, language=voice.language)


def most_similar(traits: VoiceTraits, voices: Iterable[Voice]) -> Voice | None:
    """Return the voice of the same language and gender that is nearest in accent, then in age.

    None if there is no voice of that language and gender.
    """
    near = [
        voice
        for voice in voices
        if voice.language == traits.language and voice.gender == traits.gender
    ]
    return max(
        near,
        key=lambda voice: (voice.accent == traits.accent, voice.age == traits.age),
        default=None,
    )
