"""Templates of prompts: a text for each layer, to begin with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from service_kit.errors import ConflictError, FieldError, InvalidError, NotFoundError

from persona_svc.domain.prompt import Layer, PromptKey, prompt_errors
from persona_svc.domain.prompt_version import require_storable

TEMPLATE_ID_PATTERN: Final = "^[a-z][a-z0-9_]{0,39}$"
MAX_TEMPLATES: Final = 100
"""How many templates a workspace may have made."""
ALIASES: Final = {"therapist": "empathetic_therapist"}
"""Other names that callers know shipped templates by."""


class TemplateUnknownError(InvalidError):
    """There is no template with this id."""

    slug = "prompt-template-unknown"

    @classmethod
    def named(cls, template_id: str, known: Iterable[str]) -> "TemplateUnknownError":
        """Return the refusal, which lists the templates there are."""
        message = f"must be one of {', '.join(sorted(known))}"
        error = FieldError("template_id", message)
        return cls(f"there is no template {template_id!r}: {message}", errors=[error])


class TemplateNotFoundError(NotFoundError):
    """There is no template with this id."""

    slug = "prompt-template-not-found"


class TemplateShippedError(ConflictError):
    """A template of the product has this id."""

    slug = "prompt-template-shipped"


class TemplateInvalidError(InvalidError):
    """The template breaks a rule."""

    slug = "prompt-template-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """A text for each layer; `label` stays with the personas that took it over."""

    template_id: str
    version: int
    title: str
    description: str | None
    languages: tuple[str, ...]
    texts: Mapping[Layer, str]
    is_shipped: bool

    @property
    def label(self) -> str:
        """Return id and version, such as `researcher@1`."""
        return f"{self.template_id}@{self.version}"


def require_usable(texts: Mapping[Layer, str]) -> None:
    """Return when each text can be a prompt of its layer.

    Raises:
        TemplateInvalidError: with everything that is wrong, by layer and line.
        PromptInvalidError: a text is blank, or cannot be stored.
    """
    for layer, text in texts.items():
        require_storable(layer.value, text)
    errors = [
        FieldError(layer.value, f"line {error.line}: {error.message}")
        for layer, text in texts.items()
        for error in prompt_errors(PromptKey(layer), text)
    ]
    if errors:
        detail = "; ".join(f"{error.field}: {error.message}" for error in errors)
        raise TemplateInvalidError(detail, errors=errors)
