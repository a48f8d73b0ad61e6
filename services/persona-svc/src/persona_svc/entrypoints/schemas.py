"""What the API takes and gives. The domain checks every rule; limits stand here for the reader."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

from persona_contracts import SUBJECT_ID_PATTERN, Channel, ResolvedPersona
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from persona_svc.adapters.tables import AuditRow, CampaignRow, VersionRow
from persona_svc.domain.campaign import CHANNELS, GENERAL, by_channel
from persona_svc.domain.persona import Persona, PersonaFields


class AssignedChannel(StrEnum):
    """Where an assignment holds."""

    ANY = GENERAL
    EMAIL = Channel.EMAIL
    SMS = Channel.SMS
    LINKEDIN = Channel.LINKEDIN


class Request(BaseModel):
    """A request: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class ModelValues(Request):
    """The language model; null leaves the choice to the service that writes."""

    name: str | None = Field(default=None, examples=["gpt-5-mini"])
    temperature: float | None = Field(default=None, description="0.0 to 2.0")
    max_tokens: int | None = None


class VoiceSettingsValues(Request):
    """How the voice sounds, on the scale 0.0 to 1.0 (speed 0.7 to 1.2)."""

    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    speed: float | None = None
    use_speaker_boost: bool | None = None
    pitch: Any = Field(default=None, deprecated=True, description="Not supported: use `speed`.")


class VoiceValues(Request):
    """The voice that speaks."""

    provider: str = Field(examples=["elevenlabs"])
    voice_id: str | None = None
    name: str | None = None
    settings: VoiceSettingsValues | None = None


class _PersonaValues(Request):
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
    parent_id: UUID | None = Field(default=None, description="The persona to inherit from.")
    is_active: bool = True
    model: ModelValues | None = None
    voice: VoiceValues | None = None
    language: str | None = Field(default=None, examples=["en", "pt-BR"])
    cite_sources: bool | None = Field(
        default=None, description="Whether texts refer to their sources, as `[1]`."
    )
    metadata: dict[str, Any] | None = Field(default=None, description="Yours; up to 16 KiB.")

    def values(self) -> dict[str, Any]:
        """Return what was given, and only that."""
        return self.model_dump(mode="json", exclude_unset=True)


class VoiceAndModel(Request):
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


class ChosenSettings(BaseModel):
    """The settings after a change."""

    settings: VoiceAndModel


class PersonaPatch(_PersonaValues):
    """The fields to change (JSON Merge Patch): null empties a field, those not named stay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"tone": "warm, brief", "signature": "Anna Berg\nAcme"}]}
    )

    name: str | None = Field(default=None, description="1 to 80 characters, unique.")


class NewPersona(_PersonaValues):
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


class ResolvedDocument(ResolvedPersona):
    """A persona ready to use, with its size."""

    tokens: dict[str, int] = Field(description="About 4 characters each, by part of the prompts.")
    tokens_total: int
    tokens_limit: int


class VersionSummary(BaseModel):
    """One change of a persona."""

    version: int
    changed_by: str
    changes_summary: str
    created_at: datetime

    @classmethod
    def of(cls, row: VersionRow) -> Self:
        """Return it without the fields."""
        return cls(
            version=row.version,
            changed_by=row.changed_by,
            changes_summary=row.changes_summary,
            created_at=row.created_at,
        )


class VersionDocument(VersionSummary):
    """The persona as it was."""

    fields: dict[str, Any]

    @classmethod
    def of(cls, row: VersionRow) -> Self:
        """Return it whole."""
        summary = VersionSummary.of(row).model_dump()
        return cls(**summary, fields=row.fields)


class FieldChangeDocument(BaseModel):
    """One field that differs; `unified_diff` for texts."""

    field: str
    before: Any
    after: Any
    unified_diff: str | None


class DiffDocument(BaseModel):
    """What differs between two versions."""

    from_version: int
    to_version: int
    changes: list[FieldChangeDocument]


class CloneRequest(Request):
    """The copy's name; without one it is "<name> (copy)"."""

    name: str | None = Field(default=None, min_length=1)


class EnsuredDefault(BaseModel):
    """The default persona, and whether it was made by this call."""

    created: bool
    persona: PersonaDocument


class SettingsPatch(Request):
    """The settings to change; those not named stay.

    The first seven belong to the default persona: writing them changes it.
    """

    ai_persona_name: str | None = None
    ai_tone: str | None = None
    ai_greeting: str | None = None
    ai_sms_greeting: str | None = None
    ai_signature: str | None = None
    ai_goals: str | None = None
    service_description: str | None = None
    ideal_customer_profile: str | None = None
    qualification_questions: list[str] | None = None


class SettingsDocument(BaseModel):
    """What holds for the whole workspace."""

    ai_persona_name: str | None
    ai_tone: str | None
    ai_greeting: str | None
    ai_sms_greeting: str | None
    ai_signature: str | None
    ai_goals: str | None
    service_description: str | None
    ideal_customer_profile: str | None
    qualification_questions: list[str]
    default_persona_id: UUID | None
    revision: int


class CampaignDocument(BaseModel):
    """A campaign of the CRM and who speaks in it.

    `assignments` are as readers see them: the general persona stands under `any` and under every
    channel that has none of its own. A channel that is not named has the workspace's default.
    """

    campaign_id: str
    name: str
    channel: str
    status: str
    booking_process_id: str | None
    booking_link: str | None
    lead_count: int | None
    updated_at: datetime
    assignments: dict[AssignedChannel, UUID]
    overrides: list[Channel] = Field(description="The channels with an assignment of their own.")

    @classmethod
    def of(cls, row: CampaignRow, assignments: Mapping[str, UUID]) -> Self:
        """Return the document of a stored campaign."""
        return cls(
            campaign_id=row.campaign_id,
            name=row.name,
            channel=row.channel,
            status=row.status,
            booking_process_id=row.booking_process_id,
            booking_link=row.booking_link,
            lead_count=row.lead_count,
            updated_at=row.updated_at,
            assignments={
                AssignedChannel(channel): persona_id
                for channel, persona_id in by_channel(assignments).items()
            },
            overrides=[Channel(channel) for channel in CHANNELS if channel in assignments],
        )


class Assignment(Request):
    """Who speaks; null takes the choice back."""

    persona_id: UUID | None
    channel: AssignedChannel = Field(
        default=AssignedChannel.ANY,
        description="`any`: every channel that has no assignment of its own.",
    )


class CampaignAssignment(Assignment):
    """Who speaks in one campaign."""

    campaign_id: str = Field(pattern=SUBJECT_ID_PATTERN)


class Assignments(Request):
    """Assignments that are made together, or not at all."""

    assignments: list[CampaignAssignment] = Field(min_length=1, max_length=1_000)


class AuditEntry(BaseModel):
    """Who did what, and when."""

    audit_id: UUID
    at: datetime
    actor: str
    role: str
    action: str
    entity: Literal["persona", "campaign", "workspace"]
    entity_id: str
    before_version: int | None
    after_version: int | None
    summary: str | None

    @classmethod
    def of(cls, row: AuditRow) -> Self:
        """Return the entry of a stored row."""
        return cls.model_validate(row, from_attributes=True)


class ResolutionDocument(BaseModel):
    """Which persona would speak, and why."""

    tier: Literal["sequence", "campaign", "default", "settings", "none"]
    reason: str
    persona_id: UUID | None
    version: int | None
    revision: int
    sender_name: str | None
    skipped: list[dict[str, Any]]
    field_sources: dict[str, Literal["persona", "settings", "none"]]
    values: dict[str, str | None] | None = Field(
        default=None, description="The texts that would be used; with `explain=true` only."
    )
    considered: list[dict[str, Any]] | None = Field(
        default=None, description="Every tier in order, and what it said; with `explain=true` only."
    )


class StarterDocument(BaseModel):
    """An archetype to start from."""

    starter_id: str
    name: str
    description: str | None
    markdown: str
