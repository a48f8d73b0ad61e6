"""Personas as others see them: the resolved document and the events about it."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from persona_contracts.event import Document, OwnEvent
from persona_contracts.types import JsonObject, UtcTime


class Prompts(Document):
    """The three prompt layers: `system` is text; `rag` and `user` are templates."""

    system: str
    rag: str
    user: str


class PromptSources(Document):
    """Where each layer is from: `own`, `inherited` or `built_in`; there may be more."""

    system: str
    rag: str
    user: str


class ModelSettings(Document):
    """The language model a persona asks for; null means the service's own choice."""

    name: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class Voice(Document):
    """The voice a persona speaks with; `settings` go from 0.0 to 1.0, `speed` from 0.7 to 1.2."""

    provider: str
    voice_id: str | None = None
    name: str | None = None
    settings: JsonObject = Field(default_factory=dict)
    enabled: bool = False
    """Whether the persona has an agent that can be talked to."""
    fallback_voice_ids: list[str] = Field(default_factory=list[str])
    """Voices to take, in this order, when its own cannot speak."""


class ResolvedPersona(Document):
    """One persona, ready to use: inheritance flattened, prompts compiled."""

    persona_id: UUID
    name: str
    persona_name: str | None = None
    display_name: str | None = None
    description: str | None = None
    is_active: bool = True
    tone: str | None = None
    greeting: str | None = None
    sms_greeting: str | None = None
    signature: str | None = None
    goals: str | None = None
    service_description: str | None = None
    content: str = ""
    prompts: Prompts
    prompt_sources: PromptSources | None = None
    named_prompts: dict[str, str] = Field(default_factory=dict)
    """Further prompts by layer and name, such as `user/greeting`; no part of `prompts`."""
    model: ModelSettings = Field(default_factory=ModelSettings)
    voice: Voice | None = None
    language: str | None = None
    cite_sources: bool = False
    """Whether what is written refers to its sources, as `[1]`."""
    inherited_from: dict[str, UUID] = Field(default_factory=dict)
    """Which ancestor gave a field, by field name."""
    lineage: list[UUID] = Field(default_factory=list[UUID])
    """Ancestors, nearest first."""
    version: int = Field(ge=1)
    revision: int = Field(ge=1)
    updated_at: UtcTime


class _PersonaChanged(OwnEvent):
    persona: ResolvedPersona
    version: int
    revision: int
    changed_fields: list[str] = Field(default_factory=list[str])
    changed_by: str
    summary: str | None = None

    @property
    def entity_id(self) -> str:
        """The persona."""
        return str(self.persona.persona_id)


class PersonaCreatedV1(_PersonaChanged):
    """A persona exists from now on."""

    event_type: ClassVar[str] = "persona.created"


class PersonaUpdatedV1(_PersonaChanged):
    """A persona's own fields changed."""

    event_type: ClassVar[str] = "persona.updated"


class PersonaUndeletedV1(_PersonaChanged):
    """A deleted persona is back, as one that is not the default and is assigned to nothing."""

    event_type: ClassVar[str] = "persona.undeleted"


class _PersonaGone(OwnEvent):
    persona_id: UUID
    revision: int
    """Of the events about one persona, the one with the highest revision holds."""

    @property
    def entity_id(self) -> str:
        """The persona."""
        return str(self.persona_id)


class PersonaDeletedV1(_PersonaGone):
    """A persona is deleted; it can be undeleted until `persona.erased`."""

    event_type: ClassVar[str] = "persona.deleted"

    changed_by: str
    erase_after: UtcTime | None = None
    """When the retention ends; null from versions that had none."""


class PersonaErasedV1(_PersonaGone):
    """The retention of a deleted persona is over: whoever keeps something of it erases it."""

    event_type: ClassVar[str] = "persona.erased"
