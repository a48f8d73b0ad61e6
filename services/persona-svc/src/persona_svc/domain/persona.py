"""A persona: how the AI of a workspace speaks, and the rules for each of its fields."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self, cast
from uuid import UUID

from persona_prompts import MAX_SOURCE_BYTES
from service_kit.errors import ConflictError, InvalidError, NotFoundError
from service_kit.names import name_key, turning_character

from persona_svc.domain.checks import Checks
from persona_svc.domain.metadata import MAX_METADATA_DEPTH, frozen_metadata, plain_metadata
from persona_svc.domain.prompt import (
    MAX_CONTENT_BYTES,
    Layer,
    PromptKey,
    frozen_prompts,
    prompt_errors,
)
from persona_svc.domain.voice import ModelSettings, Voice

MAX_NAME_CHARS: Final = 80
LABEL_LIMITS: Final = {"persona_name": 80, "display_name": 80}
"""Most characters of the optional texts of one line."""
TEXT_LIMITS: Final = {
    "description": 2_000,
    "tone": 500,
    "greeting": 1_000,
    "sms_greeting": 320,
    "signature": 2_000,
    "goals": 4_000,
    "service_description": 8_000,
}
"""Most characters of the texts that are kept verbatim."""
MAX_TEMPLATE_CHARS: Final = 80
MAX_TAGS: Final = 20
MAX_TAG_CHARS: Final = 40
MAX_LANGUAGE_CHARS: Final = 35
"""What RFC 5646, section 4.4.1, advises to leave room for."""
DAY: Final = timedelta(days=1)
_BLANK: Final = {"Cf", "Zs"}
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


class InvalidPersonaError(InvalidError):
    """The persona breaks a rule."""

    slug = "persona-invalid"


class PersonaNotFoundError(NotFoundError):
    """There is no such persona in this workspace."""

    slug = "persona-not-found"


class PersonaNotDeletedError(ConflictError):
    """The persona is not deleted."""

    slug = "persona-not-deleted"


class NameTakenError(ConflictError):
    """Another persona of this workspace has this name."""

    slug = "persona-name-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaFields:
    """What people edit of a persona; an empty or blank text is None.

    Labels (`name`, `persona_name`, `display_name`, `language`) lose the space around them; every
    other text is kept verbatim. `metadata` cannot be changed in place.

    Raises:
        InvalidPersonaError: with everything that is wrong, by field.
    """

    name: str
    persona_name: str | None = None
    display_name: str | None = None
    description: str | None = None
    tone: str | None = None
    greeting: str | None = None
    sms_greeting: str | None = None
    signature: str | None = None
    goals: str | None = None
    service_description: str | None = None
    content: str | None = None
    rag_prompt: str | None = None
    """A template of `persona_prompts`, as `user_prompt`; None: the parent's, else built in."""
    user_prompt: str | None = None
    named_prompts: Mapping[str, str] | None = None
    """Further prompts, such as `user/greeting`: published for whoever reads them."""
    prompt_gate: bool | None = None
    """Whether a new text of a prompt must pass the persona's tests before it is used."""
    prompt_template: str | None = None
    """The template that its prompts were taken over from, and its version: `researcher@1`."""
    tags: Sequence[str] = ()
    """What people find it by; each once."""
    parent_id: UUID | None = None
    is_active: bool = True
    model: ModelSettings = field(default_factory=ModelSettings)
    voice: Voice | None = None
    language: str | None = None
    cite_sources: bool | None = None
    """Whether texts refer to their sources, as `[1]`; None: as the parent has it, else not."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        """Clean every field; refuse all that is wrong at once."""
        checks = Checks()
        clean: dict[str, object] = {"name": _name(checks, self.name)}
        for label, max_chars in LABEL_LIMITS.items():
            clean[label] = checks.label(label, getattr(self, label), max_chars)
        for text, max_chars in TEXT_LIMITS.items():
            clean[text] = checks.text(text, getattr(self, text), max_chars)
        clean["content"] = _content(checks, self.content)
        for name, layer in (("rag_prompt", Layer.RAG), ("user_prompt", Layer.USER)):
            clean[name] = _template(checks, name, layer, getattr(self, name))
        clean["named_prompts"] = checks.attempt(lambda: frozen_prompts(self.named_prompts))
        clean["prompt_template"] = checks.label(
            "prompt_template", self.prompt_template, MAX_TEMPLATE_CHARS
        )
        clean["tags"] = _tags(checks, self.tags)
        clean["parent_id"] = checks.uuid("parent_id", self.parent_id)
        checks.required_flag("is_active", self.is_active)
        checks.flag("cite_sources", self.cite_sources)
        checks.flag("prompt_gate", self.prompt_gate)
        clean["language"] = _language(checks, self.language)
        clean["metadata"] = checks.attempt(lambda: frozen_metadata(self.metadata))
        checks.raise_as(InvalidPersonaError)
        for name, value in clean.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from plain values, as `as_dict` returns them; a missing one is its default.

        Raises:
            InvalidPersonaError: with everything that is wrong, unknown keys and parts included
                (`voice.settings.stability`).
        """
        checks = Checks()
        own = {"name": None, **values}
        own["model"] = checks.part("model", values.get("model"), ModelSettings.from_dict)
        own["model"] = own["model"] or ModelSettings()
        own["voice"] = checks.part("voice", values.get("voice"), Voice.from_dict)
        own["tags"] = values.get("tags") or ()
        own["metadata"] = {} if values.get("metadata") is None else values["metadata"]
        return checks.result(InvalidPersonaError, checks.build(cls, own, FIELDS))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON, all fields in their order."""
        values = {name: getattr(self, name) for name in FIELDS}
        values["tags"] = list(self.tags)
        values["parent_id"] = None if self.parent_id is None else str(self.parent_id)
        values["model"] = self.model.as_dict()
        values["voice"] = None if self.voice is None else self.voice.as_dict()
        values["metadata"] = plain_metadata(self.metadata)
        values["named_prompts"] = dict(self.named_prompts) if self.named_prompts else None
        return values

    def stored(self) -> dict[str, Any]:
        """Return `as_dict` without what is not set: code that lacks a newer field can read it."""
        values = self.as_dict()
        if self.voice is not None:
            values["voice"] = {name: value for name, value in values["voice"].items() if value}
        return {name: value for name, value in values.items() if value not in (None, [])}

    def require_readable_names(self, before: Self | None = None) -> None:
        """Return when each name, besides those of `before`, is seen, and in its own order.

        Raises:
            InvalidPersonaError: by field. What older code has stored stays as it is.
        """
        checks, known = Checks(), before.as_dict() if before else {}
        for label in ("name", *LABEL_LIMITS):
            name = getattr(self, label) or ""
            if name == known.get(label):
                continue
            if message := turning_character(name):
                checks.refuse(label, message)
            elif name and not name_key(name):
                checks.refuse(label, "has no visible character: give it some")
        checks.raise_as(InvalidPersonaError)

    def patched(self, patch: Mapping[str, Any]) -> Self:
        """Return these fields after a JSON Merge Patch (RFC 7396): null empties, objects merge.

        Raises:
            InvalidPersonaError: as `from_dict`.
        """
        return self.from_dict(_merged(self.as_dict(), patch))


FIELDS: Final = tuple(item.name for item in fields(PersonaFields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """One persona of a workspace.

    `version` counts the changes of its fields; `revision` is the workspace's counter at its
    last visible change, an ancestor's included. Both start at 1.
    """

    persona_id: UUID
    workspace_id: str
    fields: PersonaFields
    version: int
    revision: int
    created_by: str
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        """Refuse counters below 1 and times without a zone."""
        if min(self.version, self.revision) < 1:
            raise ValueError("version and revision start at 1")
        if self.created_at.tzinfo is None or self.updated_at.tzinfo is None:
            raise ValueError("created_at and updated_at need a time zone")

    def edited(self, changed: PersonaFields, *, revision: int, at: datetime) -> Self:
        """Return the next version, with other fields."""
        return replace(
            self, fields=changed, version=self.version + 1, revision=revision, updated_at=at
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON: the ids, all fields, counters and times."""
        return {
            "persona_id": str(self.persona_id),
            "workspace_id": self.workspace_id,
            **self.fields.as_dict(),
            "version": self.version,
            "revision": self.revision,
            "created_by": self.created_by,
            "created_at": utc_text(self.created_at),
            "updated_at": utc_text(self.updated_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedPersona:
    """A persona that can be undeleted until it is erased."""

    persona: Persona
    deleted_at: datetime
    deleted_by: str | None
    """None: older code did not keep it."""
    erase_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaSummary:
    """What a list shows of a persona: nothing of its prompts."""

    persona_id: UUID
    name: str
    persona_name: str | None
    display_name: str | None
    description: str | None
    language: str | None
    voice: Mapping[str, Any] | None
    parent_id: UUID | None
    is_active: bool
    tags: Sequence[str]
    prompt_gate: bool | None
    version: int
    revision: int
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedPersonaSummary:
    """What is shown of a deleted persona."""

    persona_id: UUID
    name: str
    version: int
    deleted_at: datetime
    deleted_by: str | None
    erase_after: datetime

    def days_left(self, now: datetime) -> int:
        """Return in how many days it is erased, a day that has begun included."""
        return max(0, -((now - self.erase_after) // DAY))


def utc_text(time: datetime) -> str:
    """Return a time as RFC 3339 writes it, in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _name(checks: Checks, value: object) -> str | None:
    name = checks.required_label("name", value, MAX_NAME_CHARS)
    if name is not None and all(unicodedata.category(letter) in _BLANK for letter in name):
        checks.refuse("name", "has no visible character: give it some")
    return name


def _content(checks: Checks, value: object) -> str | None:
    content = checks.text("content", value, MAX_CONTENT_BYTES)
    size = 0 if content is None else len(content.encode())
    if size > MAX_CONTENT_BYTES:
        checks.refuse("content", f"takes {size:,} bytes: shorten it to {MAX_CONTENT_BYTES:,}")
    return content


def _template(checks: Checks, field: str, layer: Layer, value: object) -> str | None:
    source = checks.text(field, value, MAX_SOURCE_BYTES)
    if source is None:
        return None
    for error in prompt_errors(PromptKey(layer), source):
        checks.refuse(field, f"line {error.line}: {error.message}")
    return source


def _tags(checks: Checks, value: object) -> tuple[str, ...]:
    if isinstance(value, str):  # as people write the only one in a file
        value = (value,)
    if not isinstance(value, list | tuple):
        checks.refuse("tags", "must be a list of texts")
        return ()
    given = cast("Sequence[object]", value)
    if len(given) > MAX_TAGS:
        checks.refuse("tags", f"has {len(given):,} tags: keep {MAX_TAGS}")
        return ()
    tags = [
        checks.required_label(f"tags.{number}", tag, MAX_TAG_CHARS)
        for number, tag in enumerate(given)
    ]
    return tuple(dict.fromkeys(tag for tag in tags if tag is not None))


def _language(checks: Checks, value: object) -> str | None:
    language = checks.label("language", value, MAX_LANGUAGE_CHARS)
    if language is not None and _LANGUAGE_TAG.fullmatch(language) is None:
        checks.refuse("language", "must be a language tag of BCP 47, such as en, no or pt-BR")
    return language


def _merged(target: Mapping[str, Any], patch: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    merged = dict(target)
    for key, value in patch.items():
        if value is None and depth > 0:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and depth <= MAX_METADATA_DEPTH:
            inner = merged.get(key)
            base = cast("Mapping[str, Any]", inner if isinstance(inner, Mapping) else {})
            merged[key] = _merged(base, cast("Mapping[str, Any]", value), depth + 1)
        else:
            merged[key] = value
    return merged
