"""How a persona says a text, by its voice and settings."""

from collections.abc import Sequence

from persona_contracts import ResolvedPersona

from voice_svc.domain.speech import Utterance


def describe_utterances(
    persona: ResolvedPersona, text: str, *, default_voice_id: str
) -> Sequence[Utterance]:
    """Return what is to be said, by the persona's voice and by those that stand in, in order.

    The default voice is the last.
    """
    voice = persona.voice
    own = [voice.voice_id, *voice.fallback_voice_ids] if voice is not None else []
    settings = voice.settings if voice is not None else {}
    boost = settings.get("use_speaker_boost")
    return [
        Utterance(
            text=text,
            voice_id=voice_id,
            language=persona.language.split("-")[0].lower() if persona.language else None,
            stability=_number(settings.get("stability")),
            similarity_boost=_number(settings.get("similarity_boost")),
            style=_number(settings.get("style")),
            speed=_number(settings.get("speed")),
            use_speaker_boost=boost if isinstance(boost, bool) else None,
        )
        for voice_id in dict.fromkeys([*filter(None, own), default_voice_id])
    ]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
