"""Bodies and answers of prompts; the names in the answers' first level are those of the callers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from service_kit.requests import StrictRequest

from persona_svc.domain.prompt import MAIN, NAME_PATTERN, Layer, PromptError
from persona_svc.domain.prompt_gate import Gate, GateOutcome, GateState
from persona_svc.domain.prompt_version import PromptVersion, PromptVersionSummary
from persona_svc.usecases.save_prompt import SavedPrompt

MAX_PROMPT_CHARS = 48_000
"""More than any prompt may have: so much is stored of one that is too long."""
Content = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PROMPT_CHARS)]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class SavePromptRequest(StrictRequest):
    """The text of a new version, and what is said about it (also `commit_message`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"content": "Quote prices with their page.", "commitMessage": "Prices"}]
        }
    )

    content: Content
    commit_message: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        default=None, validation_alias=AliasChoices("commitMessage", "commit_message")
    )


class CheckPromptRequest(StrictRequest):
    """A text to check as the prompt of a layer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"layer": "rag", "content": "{{ secret }}"}]}
    )

    layer: Layer
    name: Name = MAIN
    content: Content


class RecoverPromptRequest(StrictRequest):
    """The prompt to take back, and to which version (also `version_id`); the last by default."""

    layer: Layer
    name: Name = MAIN
    version_id: UUID | None = Field(
        default=None, validation_alias=AliasChoices("versionId", "version_id")
    )


class ClonePromptsRequest(StrictRequest):
    """The persona whose prompts are copied (also `source_persona_id`)."""

    source_persona_id: UUID = Field(
        validation_alias=AliasChoices("sourcePersonaId", "source_persona_id")
    )


class PromptErrorDocument(BaseModel):
    """What is wrong in a line; null: in the whole."""

    line: int | None
    message: str


class ValidationDocument(BaseModel):
    """Whether the persona can have the text, and else why not."""

    valid: bool
    errors: list[PromptErrorDocument]

    @classmethod
    def of(cls, errors: Sequence[PromptError]) -> Self:
        """Return the document of what is wrong."""
        told = [PromptErrorDocument(line=each.line, message=each.message) for each in errors]
        return cls(valid=not told, errors=told)


class PromptVersionSummaryDocument(BaseModel):
    """A version of a prompt without its text."""

    version_id: UUID
    persona_id: UUID
    layer: Layer
    name: str
    version: int
    is_active: bool
    author_id: str
    commit_message: str | None
    parent_version_id: UUID | None
    origin: str
    state: str
    created_at: datetime

    @classmethod
    def summed(cls, version: PromptVersionSummary, *, is_active: bool) -> Self:
        """Return the document of a version."""
        return cls(
            version_id=version.version_id,
            persona_id=version.persona_id,
            layer=version.key.layer,
            name=version.key.name,
            version=version.number,
            is_active=is_active,
            author_id=version.author_id,
            commit_message=version.commit_message,
            parent_version_id=version.parent_version_id,
            origin=version.origin.value,
            state=version.state.value,
            created_at=version.created_at,
        )


class PromptVersionDocument(PromptVersionSummaryDocument):
    """A version of a prompt."""

    content: str
    validation: ValidationDocument

    @classmethod
    def of(cls, version: PromptVersion, *, is_active: bool) -> Self:
        """Return the document with the text."""
        shown = PromptVersionSummaryDocument.summed(version, is_active=is_active)
        return cls(
            **shown.model_dump(),
            content=version.content,
            validation=ValidationDocument.of(version.errors),
        )


class PromptDocument(BaseModel):
    """A prompt as it is used, with what is inherited; `active` is the persona's version, if any."""

    layer: Layer
    name: str
    source: str = Field(description="`own`, `inherited` or `built_in`")
    content: str
    tokens: int = Field(description="About 4 characters each.")
    active: PromptVersionSummaryDocument | None
    latest: int = Field(description="The number of the last version; 0: there is none.")


class PromptsDocument(BaseModel):
    """The prompts of a persona, by layer; `main` is what is compiled, and comes first."""

    prompts: dict[Layer, list[PromptDocument]]


class PromptVersionsDocument(BaseModel):
    """Versions of a prompt without their texts, newest first."""

    model_config = ConfigDict(serialize_by_alias=True)

    versions: list[PromptVersionSummaryDocument]
    active_version: PromptVersionSummaryDocument | None = Field(serialization_alias="activeVersion")
    recoverable: list[UUID] = Field(description="What was active before, newest first: up to 3.")
    next: str | None


class DecideGateRequest(StrictRequest):
    """How a version did; whoever overrides says why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "passed"}]})

    outcome: GateOutcome
    why: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.outcome is GateOutcome.OVERRIDDEN and self.why is None:
            raise ValueError("say why it is overridden")
        return self


class GateDocument(BaseModel):
    """What a version must pass; one that waits at its deadline has failed."""

    state: GateState
    deadline: datetime
    decided_by: str | None
    decided_at: datetime | None
    why: str | None

    @classmethod
    def of(cls, gate: Gate, now: datetime) -> Self:
        """Return the document of a gate, as it is now."""
        return cls(
            state=gate.state_at(now),
            deadline=gate.deadline,
            decided_by=gate.decided_by,
            decided_at=gate.decided_at,
            why=gate.why,
        )


class SavedPromptDocument(BaseModel):
    """A new version; one with errors is not active."""

    version: PromptVersionDocument
    diff: str | None = Field(description="Unified, against the version that was active.")
    activated: bool
    validation: ValidationDocument
    gate: GateDocument | None

    @classmethod
    def of(cls, saved: SavedPrompt, now: datetime) -> Self:
        """Return the document of what was saved."""
        return cls(
            version=PromptVersionDocument.of(saved.version, is_active=saved.is_active),
            diff=saved.diff,
            activated=saved.is_active,
            validation=ValidationDocument.of(saved.version.errors),
            gate=saved.gate and GateDocument.of(saved.gate, now),
        )


class ActivatedPromptDocument(BaseModel):
    """What is active now, and what was before; with a `gate` the version waits before that."""

    model_config = ConfigDict(serialize_by_alias=True)

    success: bool
    active: PromptVersionSummaryDocument | None
    gate: GateDocument | None
    previous_active: PromptVersionSummaryDocument | None = Field(
        serialization_alias="previousActive"
    )


class AppliedPromptsDocument(BaseModel):
    """The prompts after all of them were replaced."""

    success: bool = True
    prompts: dict[Layer, list[PromptDocument]]


class PromptDiffDocument(BaseModel):
    """What differs between two versions, in unified form; null: they are too long for it."""

    from_version: PromptVersionSummaryDocument
    to_version: PromptVersionSummaryDocument
    diff: str | None
