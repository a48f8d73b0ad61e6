"""What is said, with which voice, and what that costs."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A text to be said; settings 0 to 1, speed 0.7 to 1.2, None for the voice's own."""

    text: str
    voice_id: str
    language: str | None = None
    model: str | None = None
    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    speed: float | None = None
    use_speaker_boost: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice that can be chosen."""

    voice_id: str
    name: str
    category: str | None
    gender: str | None
    accent: str | None
    age: str | None
    language: str | None
    description: str | None
    has_sample: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The characters of the provider's subscription."""

    characters_used: int
    characters_limit: int
    resets_at: datetime | None
