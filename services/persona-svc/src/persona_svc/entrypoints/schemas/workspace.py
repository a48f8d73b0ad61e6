"""Bodies and answers of a workspace: its settings, the starters."""

from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field
from service_kit.requests import PartialRequest

from persona_svc.adapters.starters import Starter
from persona_svc.domain.workspace import Workspace
from persona_svc.entrypoints.schemas.models import ModelPolicyDocument


class UpdateSettingsRequest(PartialRequest):
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
    prompt_approval: bool | None = Field(
        default=None, description="Whether another admin approves each new text of a prompt."
    )


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
    prompt_approval: bool
    models: ModelPolicyDocument
    default_persona_id: UUID | None
    revision: int

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """Return the settings of a workspace."""
        return cls(
            **workspace.settings.as_dict(),
            default_persona_id=workspace.default_persona_id,
            revision=workspace.settings_revision,
        )


class StarterDocument(BaseModel):
    """An archetype to start from."""

    starter_id: str
    name: str
    description: str | None
    markdown: str

    @classmethod
    def of(cls, starter: Starter) -> Self:
        """Return the document of an archetype."""
        return cls(
            starter_id=starter.starter_id,
            name=starter.persona.fields.name,
            description=starter.persona.fields.description,
            markdown=starter.text,
        )
