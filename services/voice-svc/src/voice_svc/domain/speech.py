"""What is said, with which voice, and what that costs."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from service_kit.errors import OverloadedError, ServiceError

MAX_TEXT_CHARS = 5_000
DEFAULT_PREVIEW = "Hello! I'm excited to help you today."


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


class SpeechLimitError(ServiceError):
    """The characters of this month are used up; the text can still be read."""

    status = 429
    slug = "speech-limit"


class SpeechQueueError(OverloadedError):
    """Too much is being said at once; try again later."""

    slug = "speech-queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechLimits:
    """How many characters may be spoken in a month (UTC)."""

    persona_characters: int
    workspace_characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechUsage:
    """What was spoken this month, and what is left."""

    persona_characters: int
    workspace_characters: int
    limits: SpeechLimits
    resets_at: datetime

    @property
    def characters_remaining(self) -> int:
        """How many characters the persona may still speak."""
        left = (
            self.limits.persona_characters - self.persona_characters,
            self.limits.workspace_characters - self.workspace_characters,
        )
        return max(0, min(left))

    def before(self, characters: int) -> "SpeechUsage":
        """Return the usage without `characters`, which were counted in advance."""
        return replace(
            self,
            persona_characters=self.persona_characters - characters,
            workspace_characters=self.workspace_characters - characters,
        )

    def require(self, characters: int) -> None:
        """Return if `characters` more may be spoken.

        Raises:
            SpeechLimitError: they may not; with the time of the reset.
        """
        if characters > self.characters_remaining:
            raise SpeechLimitError(
                f"The text has {characters} characters; {self.characters_remaining} are left until"
                f" {self.resets_at:%Y-%m-%d}.",
                extra={
                    "characters_remaining": self.characters_remaining,
                    "resets_at": self.resets_at.isoformat(),
                },
            )


def month_of(now: datetime) -> date:
    """Return the first day of the month that `now` is in."""
    return now.date().replace(day=1)


def reset_after(month: date) -> datetime:
    """Return when the month after `month` begins."""
    later = month + timedelta(days=32)
    return datetime(later.year, later.month, 1, tzinfo=UTC)
