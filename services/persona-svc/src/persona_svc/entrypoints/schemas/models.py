"""Bodies and answers of the settings of models."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field
from service_kit.requests import StrictRequest

from persona_svc.domain.model_policy import ModelPolicy, ModelPolicyVersion

_ALLOWED = "The names of the models that may be used; none: any."
_TASK = "The model for it, where the persona names none that is allowed."


class SetModelsRequest(StrictRequest):
    """Which models are used; what is not given is as at first."""

    allowed: list[str] = Field(default=[], description=_ALLOWED)
    strategy: str | None = Field(default=None, description=_TASK)
    write: str | None = Field(default=None, description=_TASK)
    chat: str | None = Field(default=None, description=_TASK)
    temperature: float | None = Field(default=None, description="Where the persona has none.")
    max_tokens: int | None = Field(default=None, description="The most that an answer may have.")
    plan_drafts: bool = Field(default=True, description="Whether drafts of e-mails are planned.")


class ModelPolicyDocument(BaseModel):
    """Which models a workspace uses."""

    allowed: list[str] = Field(description=_ALLOWED)
    strategy: str | None
    write: str | None
    chat: str | None
    temperature: float | None
    max_tokens: int | None
    plan_drafts: bool


class ModelsDocument(ModelPolicyDocument):
    """The same, as it holds now."""

    version: int = Field(description="0: nobody has changed it yet.")

    @classmethod
    def of(cls, policy: ModelPolicy, version: int) -> Self:
        """Show what holds."""
        return cls(**policy.as_dict(), version=version)


class ModelsVersionDocument(BaseModel):
    """What held from a time on."""

    version: int
    models: ModelPolicyDocument
    changed_by: str
    created_at: datetime

    @classmethod
    def of(cls, version: ModelPolicyVersion) -> Self:
        """Show a version."""
        values: dict[str, Any] = version.policy.as_dict()
        return cls(
            version=version.version,
            models=ModelPolicyDocument(**values),
            changed_by=version.changed_by,
            created_at=version.created_at,
        )
