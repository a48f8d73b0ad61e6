"""Bodies of speech and voices."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AliasChoices, BaseModel, Field, StringConstraints
from service_kit.requests import StrictRequest

from voice_svc.domain.speech import MAX_TEXT_CHARS, SpeechUsage, Voice
from voice_svc.usecases.list_voices import VoiceList

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARS)
]
VoiceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class SpeakTextRequest(StrictRequest):
    """A text to be heard; `message_id` is the message that it stands in, for the log."""

    text: Text = Field(examples=["Good morning, how may I help you?"])
    message_id: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None


class PreviewVoiceRequest(StrictRequest):
    """A voice to be heard: its own sample, which costs no characters, or a text."""

    voice_id: VoiceId = Field(
        examples=["EXAVITQu4vr4xnSDxMaL"], validation_alias=AliasChoices("voice_id", "voiceId")
    )
    text: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
        | None
    ) = Field(default=None, validation_alias=AliasChoices("text", "sampleText"))


class VoiceDocument(BaseModel):
    """A voice that can be chosen; `has_sample`: it can be heard for no characters."""

    voice_id: str
    name: str
    category: str | None
    gender: str | None
    accent: str | None
    age: str | None
    language: str | None
    description: str | None
    has_sample: bool

    @classmethod
    def of(cls, voice: Voice) -> "VoiceDocument":
        """Return a voice's document."""
        return cls(
            voice_id=voice.voice_id,
            name=voice.name,
            category=voice.category,
            gender=voice.gender,
            accent=voice.accent,
            age=voice.age,
            language=voice.language,
            description=voice.description,
            has_sample=voice.has_sample,
        )


class VoiceListDocument(BaseModel):
    """All voices that fit, on one page; `stale`: the vendor is away since `read_at`."""

    items: list[VoiceDocument]
    next: None = None
    read_at: datetime
    stale: bool

    @classmethod
    def of(cls, found: VoiceList) -> "VoiceListDocument":
        """Return the document of a list."""
        return cls(
            items=[VoiceDocument.of(voice) for voice in found.voices],
            read_at=found.read_at,
            stale=found.is_stale,
        )


class SpeechUsageDocument(BaseModel):
    """The characters of this month: of the persona, and of its workspace."""

    persona_id: UUID
    characters_used: int
    characters_limit: int
    characters_remaining: int
    """What the persona may still speak, by its own limit and the workspace's."""
    workspace_characters_used: int
    workspace_characters_limit: int
    reset_date: datetime

    @classmethod
    def of(cls, persona_id: UUID, usage: SpeechUsage) -> "SpeechUsageDocument":
        """Return the document of a usage."""
        return cls(
            persona_id=persona_id,
            characters_used=usage.persona_characters,
            characters_limit=usage.limits.persona_characters,
            characters_remaining=usage.characters_remaining,
            workspace_characters_used=usage.workspace_characters,
            workspace_characters_limit=usage.limits.workspace_characters,
            reset_date=usage.resets_at,
        )
