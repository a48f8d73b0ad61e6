"""The voice and the language model that a persona asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self, cast

from service_kit.errors import InvalidError

from persona_svc.domain.checks import Checks

MAX_PROVIDER_CHARS: Final = 64
MAX_VOICE_CHARS: Final = 255
MAX_FALLBACK_VOICES: Final = 5
MAX_MODEL_CHARS: Final = 255
MAX_TEMPERATURE: Final = 2.0
"""The upper end of the scale of the OpenAI API."""
MAX_OUTPUT_TOKENS: Final = 128_000

_UNIT_SCALE: Final = (0.0, 1.0)
_SCALES: Final = {
    "stability": _UNIT_SCALE,
    "similarity_boost": _UNIT_SCALE,
    "style": _UNIT_SCALE,
    "speed": (0.7, 1.2),
}


class InvalidVoiceError(InvalidError):
    """The voice breaks a rule."""

    slug = "voice-invalid"


class InvalidModelError(InvalidError):
    """The language model's settings break a rule."""

    slug = "model-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings:
    """How a voice sounds, on the scale 0.0 to 1.0 (speed 0.7 to 1.2); None: the voice's own.

    Raises:
        InvalidVoiceError: a value is off its scale.
    """

    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    speed: float | None = None
    use_speaker_boost: bool | None = None

    def __post_init__(self) -> None:
        """Refuse values off their scale."""
        checks = Checks()
        for name, (low, high) in _SCALES.items():
            value = getattr(self, name)
            hint = _percent_hint(value) if high == 1.0 else ""
            object.__setattr__(self, name, checks.number(name, value, low, high, hint))
        checks.flag("use_speaker_boost", self.use_speaker_boost)
        checks.raise_as(InvalidVoiceError)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values.

        Raises:
            InvalidVoiceError: with every unknown key and every value off its scale.
        """
        checks = Checks()
        known = dict(values)
        if "pitch" in known:
            del known["pitch"]
            checks.refuse("pitch", "is not supported: leave it out, or set speed (0.7 to 1.2)")
        return checks.result(InvalidVoiceError, checks.build(cls, known, _names(cls)))

    def as_dict(self) -> dict[str, float | bool]:
        """Return the settings that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Which voice of which provider speaks, and how.

    Raises:
        InvalidVoiceError: the provider is missing, a text is too long, or there are more than 5
            fallback voices.
    """

    provider: str
    voice_id: str | None = None
    name: str | None = None
    settings: VoiceSettings = field(default_factory=VoiceSettings)
    enabled: bool = False
    """Whether the persona has an agent that can be talked to; never inherited."""
    fallback_voice_ids: Sequence[str] = ()
    """Voices to take, in this order, when this one cannot speak."""

    def __post_init__(self) -> None:
        """Refuse a voice without a provider, or with texts that are no ids."""
        checks = Checks()
        provider = checks.required_label("provider", self.provider, MAX_PROVIDER_CHARS)
        object.__setattr__(self, "provider", provider)
        for name in ("voice_id", "name"):
            value = checks.label(name, getattr(self, name), MAX_VOICE_CHARS)
            object.__setattr__(self, name, value)
        checks.required_flag("enabled", self.enabled)
        voice_ids = _fallback_voice_ids(checks, self.fallback_voice_ids)
        object.__setattr__(self, "fallback_voice_ids", voice_ids)
        checks.raise_as(InvalidVoiceError)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values; null is the default.

        Raises:
            InvalidVoiceError: with everything that is wrong, the settings' errors included.
        """
        checks = Checks()
        settings = checks.part("settings", values.get("settings"), VoiceSettings.from_dict)
        given = {
            name: value
            for name, value in values.items()
            if value is not None or name not in {"enabled", "fallback_voice_ids"}
        }
        own = {"provider": None, **given, "settings": settings or VoiceSettings()}
        return checks.result(InvalidVoiceError, checks.build(cls, own, _names(cls)))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; of the settings only those that are set."""
        return {
            "provider": self.provider,
            "voice_id": self.voice_id,
            "name": self.name,
            "settings": self.settings.as_dict(),
            "enabled": self.enabled,
            "fallback_voice_ids": list(self.fallback_voice_ids),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """The language model that a persona asks for; None: the choice of the service that writes.

    Raises:
        InvalidModelError: a value is out of range.
    """

    name: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        checks = Checks()
        name = checks.label("name", self.name, MAX_MODEL_CHARS)
        object.__setattr__(self, "name", name)
        temperature = checks.number("temperature", self.temperature, 0.0, MAX_TEMPERATURE)
        object.__setattr__(self, "temperature", temperature)
        checks.whole_number("max_tokens", self.max_tokens, 1, MAX_OUTPUT_TOKENS)
        checks.raise_as(InvalidModelError)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values.

        Raises:
            InvalidModelError: with every unknown key and every value out of range.
        """
        checks = Checks()
        return checks.result(InvalidModelError, checks.build(cls, values, _names(cls)))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def _names(kind: type[VoiceSettings | Voice | ModelSettings]) -> list[str]:
    return [item.name for item in fields(kind)]


def _fallback_voice_ids(checks: Checks, values: object) -> tuple[str, ...]:
    field = "fallback_voice_ids"
    if not isinstance(values, list | tuple):
        checks.refuse(field, "must be a list of ids of voices")
        return ()
    ids = cast("Sequence[object]", values)
    if len(ids) > MAX_FALLBACK_VOICES:
        checks.refuse(field, f"has {len(ids):,} voices: name up to {MAX_FALLBACK_VOICES}")
        return ()
    found = [checks.required_label(field, item, MAX_VOICE_CHARS) for item in ids]
    return tuple(dict.fromkeys(item for item in found if item is not None))


def _percent_hint(value: object) -> str:
    """Help whoever sends the 0 to 100 of a slider."""
    return f": write {value / 100:g}" if isinstance(value, int | float) and 1 < value <= 100 else ""
