"""The versions of a persona's prompts, and which of them is active."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from service_kit.errors import ConflictError, FieldError, InvalidError, NotFoundError

from persona_svc.domain.checks import unstorable_character
from persona_svc.domain.persona import PersonaFields
from persona_svc.domain.prompt import MAIN, Layer, PromptError, PromptKey

MAX_PROMPTS: Final = 40
"""How many prompts a persona may ever have had versions of."""
RECOVERABLE: Final = 3
"""How many versions that were active before can always be recovered."""
FIELDS_OF_LAYERS: Final = {
    Layer.SYSTEM: "content",
    Layer.RAG: "rag_prompt",
    Layer.USER: "user_prompt",
}
"""The persona's field that holds the main prompt of a layer."""


class PromptVersionNotFoundError(NotFoundError):
    """The persona has no such version of a prompt."""

    slug = "prompt-version-not-found"


class PromptInvalidError(InvalidError):
    """The prompt cannot be used."""

    slug = "prompt-invalid"


class NothingToRecoverError(ConflictError):
    """No other version of the prompt was active before."""

    slug = "prompt-nothing-to-recover"


class Origin(StrEnum):
    """How a version came about, and why one was activated."""

    SAVE = "save"
    EDIT = "edit"
    TEMPLATE = "template"
    CLONE = "clone"
    RESTORE = "restore"
    IMPORT = "import"
    ACTIVATE = "activate"
    RECOVER = "recover"
    APPROVE = "approve"
    GATE = "gate"


class VersionState(StrEnum):
    """What may become of a version: it was good when it was saved, it waits, or it was not good."""

    SAVED = "saved"
    PROPOSED = "proposed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersionSummary:
    """A version without its text."""

    version_id: UUID
    persona_id: UUID
    key: PromptKey
    number: int
    author_id: str
    commit_message: str | None
    parent_version_id: UUID | None
    origin: Origin
    state: VersionState
    errors: tuple[PromptError, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion(PromptVersionSummary):
    """A text that a prompt had, or was to have."""

    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptHead:
    """Which version of a prompt is active; `revision` rises with each version and activation."""

    key: PromptKey
    latest: int = 0
    active_version_id: UUID | None = None
    active_sha256: str | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEdit:
    """Why the prompts of a persona change, and which stored versions are meant."""

    origin: Origin = Origin.EDIT
    message: str | None = None
    chosen: Mapping[PromptKey, UUID] = field(default_factory=dict[PromptKey, UUID])


def digest(content: str) -> str:
    """Return the SHA-256 of a text, in hex: equal texts have one."""
    return sha256(content.encode()).hexdigest()


def texts_of(fields: PersonaFields) -> dict[PromptKey, str]:
    """Return the persona's own prompts."""
    main = {PromptKey(layer): getattr(fields, name) for layer, name in FIELDS_OF_LAYERS.items()}
    named = {PromptKey.parse(name): text for name, text in (fields.named_prompts or {}).items()}
    return {key: text for key, text in (main | named).items() if text is not None}


def with_text(fields: PersonaFields, key: PromptKey, content: str) -> PersonaFields:
    """Return the fields with another text of one prompt.

    Raises:
        InvalidPersonaError: it breaks a rule.
    """
    if key.name != MAIN:
        return replace(fields, named_prompts={**(fields.named_prompts or {}), str(key): content})
    return with_main_texts(fields, {key.layer: content})


def with_main_texts(fields: PersonaFields, texts: Mapping[Layer, str | None]) -> PersonaFields:
    """Return the fields with other texts of whole layers; None gives a layer up."""
    changes: dict[str, str | None] = {
        FIELDS_OF_LAYERS[layer]: text for layer, text in texts.items()
    }
    return PersonaFields.from_dict({**fields.as_dict(), **changes})


def require_storable(field_name: str, text: str) -> None:
    """Return when a text can be stored as it is.

    Raises:
        PromptInvalidError: it is blank, or has a character that no store takes.
    """
    message = "is blank: write something" if not text.strip() else unstorable_character(text)
    if message:
        error = FieldError(field_name, message)
        raise PromptInvalidError(f"{field_name} {message}", errors=[error])
