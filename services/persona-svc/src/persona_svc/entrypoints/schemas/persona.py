"""Bodies and answers of personas."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from persona_contracts import ResolvedPersona
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from service_kit.requests import PartialRequest, StrictRequest

from persona_svc.domain.compiled import CompiledPersona
from persona_svc.domain.markdown import PersonaFile
from persona_svc.domain.persona import Persona, PersonaFields, PersonaSummary
from persona_svc.domain.prompt import MAX_NAMED_PROMPTS
from persona_svc.domain.prompts import MAX_COMPILED_TOKENS
from persona_svc.domain.voice import MAX_FALLBACK_VOICES
from persona_svc.domain.workspace_settings import WorkspaceSettings, persona_from_settings


class ModelValues(StrictRequest):
    """The language model; null leaves the choice to the service that writes."""

    name: str | None = Field(default=None, examples=["gpt-5-mini"])
    temperature: float | None = Field(default=None, description="0.0 to 2.0")
    max_tokens: int | None = None


class VoiceSettingsValues(StrictRequest):
    """How the voice sounds, on the scale 0.0 to 1.0 (speed 0.7 to 1.2)."""

    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    speed: float | None = None
    use_speaker_boost: bool | None = None
    pitch: Any = Field(default=None, deprecated=True, description="Not supported: use `speed`.")


class VoiceValues(StrictRequest):
    """The voice that speaks."""

    provider: str = Field(examples=["elevenlabs"])
    voice_id: str | None = None
    name: str | None = None
    settings: VoiceSettingsValues | None = None
    enabled: bool | None = Field(
        default=None, description="Whether there is an agent to talk to; false at first."
    )
    fallback_voice_ids: list[str] | None = Field(
        default=None,
        max_length=MAX_FALLBACK_VOICES,
        description="Voices to take, in this order, when its own cannot speak.",
    )


class UpdateVoiceSettingsRequest(PartialRequest):
    """How a persona sounds; what is not named stays. An agent that it has follows."""

    voice_id: str | None = None
    name: str | None = Field(default=None, description="What the voice is called.")
    settings: VoiceSettingsValues | None = None
    fallback_voice_ids: list[str] | None = Field(default=None, max_length=MAX_FALLBACK_VOICES)

    def patch(self) -> dict[str, Any]:
        """Return the change as a merge patch of the voice."""
        return self.model_dump(mode="json", exclude_unset=True)


class VoiceDocument(BaseModel):
    """The voice of a persona."""

    provider: str
    voice_id: str | None
    name: str | None
    settings: dict[str, Any]
    enabled: bool
    fallback_voice_ids: list[str]


class _PersonaValues(StrictRequest):
    persona_name: str | None = Field(default=None, description="How the AI signs.")
    display_name: str | None = None
    description: str | None = None
    tone: str | None = None
    greeting: str | None = None
    sms_greeting: str | None = None
    signature: str | None = Field(default=None, description="Kept verbatim, several lines.")
    goals: str | None = None
    service_description: str | None = None
    content: str | None = Field(default=None, description="Markdown, up to 24 KiB.")
    rag_prompt: str | None = Field(
        default=None,
        description="How to use passages: a template of shared/prompts, up to 8 KiB. null: as the"
        " parent has it, else the built-in one.",
        examples=[
            "{% for passage in passages %}[{{ passage.number }}] {{ passage.text }}{% endfor %}"
        ],
    )
    user_prompt: str | None = Field(
        default=None, description="How to take the message to answer: a template likewise."
    )
    named_prompts: dict[str, str | None] | None = Field(
        default=None,
        max_length=MAX_NAMED_PROMPTS,
        description="Further prompts by layer and name; null takes one away.",
        examples=[{"user/greeting": "Welcome back."}],
    )
    parent_id: UUID | None = Field(default=None, description="The persona to inherit from.")
    is_active: bool = True
    model: ModelValues | None = None
    voice: VoiceValues | None = None
    language: str | None = Field(default=None, examples=["en", "pt-BR"])
    cite_sources: bool | None = Field(
        default=None, description="Whether texts refer to their sources, as `[1]`."
    )
    prompt_gate: bool | None = Field(
        default=None, description="Whether prompts must pass a gate before they are used."
    )
    tags: list[str] | None = Field(
        default=None, description="Up to 20, of up to 40 characters.", examples=[["sales", "en"]]
    )
    metadata: dict[str, Any] | None = Field(default=None, description="Yours; up to 16 KiB.")

    def values(self) -> dict[str, Any]:
        """Return what was given, and only that."""
        return self.model_dump(mode="json", exclude_unset=True)


class UpdatePersonaRequest(_PersonaValues, PartialRequest):
    """The fields to change (JSON Merge Patch): null empties a field, those not named stay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tone": "warm, brief", "signature": "Anna Berg\nAcme"}]}
    )

    name: str | None = Field(default=None, description="1 to 80 characters, unique.")


class CreatePersonaRequest(_PersonaValues):
    """A persona to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Consultative",
                    "persona_name": "Anna Berg",
                    "tone": "calm, curious, never pushy",
                    "greeting": "Hi {firstName},",
                    "signature": "Anna Berg\nAcme",
                }
            ]
        }
    )

    name: str = Field(description="1 to 80 characters, unique in the workspace.")


class ClonePersonaRequest(StrictRequest):
    """The copy's name; without one it is "<name> (copy)"."""

    name: str | None = Field(default=None, min_length=1)


class UpdatePersonaSettingsRequest(PartialRequest):
    """The choice of voice and language model, in the spelling of C18; those not named stay."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    voice_id: str | None = Field(default=None, description="An ElevenLabs voice, if none is set.")
    default_model: str | None = Field(default=None, examples=["gpt-5-mini"])
    temperature: float | None = Field(default=None, description="0.0 to 2.0")
    max_tokens: int | None = None

    @classmethod
    def of(cls, fields: PersonaFields) -> Self:
        """Return what a persona has chosen itself."""
        return cls.model_validate(
            {
                "voiceId": fields.voice.voice_id if fields.voice else None,
                "defaultModel": fields.model.name,
                "temperature": fields.model.temperature,
                "maxTokens": fields.model.max_tokens,
            }
        )

    def patch(self, provider: str) -> dict[str, Any]:
        """Return the change as a merge patch of a persona whose voice comes from `provider`."""
        given = self.model_dump(exclude_unset=True)
        names = {"default_model": "name", "temperature": "temperature", "max_tokens": "max_tokens"}
        model = {names[key]: value for key, value in given.items() if key in names}
        patch: dict[str, Any] = {"model": model} if model else {}
        if "voice_id" in given:
            patch["voice"] = {"provider": provider, "voice_id": given["voice_id"]}
        return patch


class PersonaSettingsDocument(BaseModel):
    """The settings after a change."""

    settings: UpdatePersonaSettingsRequest


class PersonaDocument(BaseModel):
    """A persona's own fields; what it inherits is under `/resolved`."""

    persona_id: UUID | None = Field(description="null for the virtual default")
    name: str
    persona_name: str | None
    display_name: str | None
    description: str | None
    tone: str | None
    greeting: str | None
    sms_greeting: str | None
    signature: str | None
    goals: str | None
    service_description: str | None
    content: str | None
    rag_prompt: str | None
    user_prompt: str | None
    named_prompts: dict[str, str] | None
    prompt_gate: bool | None
    prompt_template: str | None
    tags: list[str]
    parent_id: UUID | None
    is_active: bool
    model: dict[str, Any]
    voice: dict[str, Any] | None
    language: str | None
    cite_sources: bool | None
    metadata: dict[str, Any]
    is_default: bool
    virtual: bool = Field(description="Made up from the settings: nothing is stored yet.")
    version: int
    revision: int
    created_by: str | None
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, persona: Persona, default_persona_id: UUID | None) -> Self:
        """Return the document of a stored persona."""
        is_default = persona.persona_id == default_persona_id
        return cls(**persona.as_dict(), is_default=is_default, virtual=False)

    @classmethod
    def virtual_default(cls, settings: WorkspaceSettings) -> Self:
        """Return what ensure-default would make of the settings."""
        return cls(
            **persona_from_settings(settings).as_dict(),
            persona_id=None,
            is_default=True,
            virtual=True,
            version=0,
            revision=0,
            created_by=None,
            created_at=None,
            updated_at=None,
        )


class ShownVoiceDocument(BaseModel):
    """The voice of a persona, without how it sounds."""

    provider: str
    voice_id: str | None = None
    name: str | None = None
    enabled: bool = False


class PersonaSummaryDocument(BaseModel):
    """A persona as a list shows it: without what it says."""

    persona_id: UUID | None = Field(description="null for the virtual default")
    name: str
    persona_name: str | None
    display_name: str | None
    description: str | None
    language: str | None
    voice: ShownVoiceDocument | None = Field(description="Its own; null: as its parent has it.")
    parent_id: UUID | None
    is_active: bool
    is_default: bool
    virtual: bool = Field(description="Made up from the settings: nothing is stored yet.")
    tags: list[str]
    campaigns: int = Field(description="To how many it is assigned, in general or on a channel.")
    prompt_gate: bool | None
    version: int
    revision: int
    created_by: str | None
    created_at: datetime | None
    updated_at: datetime | None

    @classmethod
    def of(cls, persona: PersonaSummary, default_persona_id: UUID | None, campaigns: int) -> Self:
        """Return the document of a stored persona."""
        return cls.model_validate(
            {
                **asdict(persona),
                "is_default": persona.persona_id == default_persona_id,
                "virtual": False,
                "campaigns": campaigns,
            }
        )

    @classmethod
    def virtual_default(cls, settings: WorkspaceSettings) -> Self:
        """Return what ensure-default would make of the settings."""
        whole = PersonaDocument.virtual_default(settings).model_dump()
        return cls.model_validate({**whole, "campaigns": 0})


class DroppedDocument(BaseModel):
    """What of an imported file the persona does not hold, and why."""

    field: str
    reason: str


class ImportedPersonaDocument(PersonaDocument):
    """A persona that was just imported."""

    dropped: list[DroppedDocument]

    @classmethod
    def imported(cls, persona: PersonaDocument, file: PersonaFile) -> Self:
        """Return the document of a persona that comes from `file`."""
        dropped = [DroppedDocument(field=item.field, reason=item.reason) for item in file.dropped]
        return cls(**persona.model_dump(), dropped=dropped)


class EnsuredDefaultDocument(BaseModel):
    """The default persona, and whether it was made by this call."""

    created: bool
    persona: PersonaDocument


class ResolvedPersonaDocument(ResolvedPersona):
    """A persona ready to use, with its size."""

    tokens: dict[str, int] = Field(description="About 4 characters each, by part of the prompts.")
    tokens_total: int
    tokens_limit: int

    @classmethod
    def of(cls, persona: CompiledPersona) -> Self:
        """Return the document of a persona with what it inherits."""
        return cls(
            **persona.as_dict(),
            tokens=dict(persona.tokens),
            tokens_total=sum(persona.tokens.values()),
            tokens_limit=MAX_COMPILED_TOKENS,
        )
