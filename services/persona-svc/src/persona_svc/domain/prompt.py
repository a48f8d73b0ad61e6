"""The prompts of a persona: one in each layer, and named ones beside them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, cast

from persona_prompts import MAX_SOURCE_BYTES, TemplateRefusedError, check
from service_kit.errors import InvalidError

from persona_svc.domain.checks import Checks, quotable

MAX_CONTENT_BYTES: Final = 24 * 1024
"""Of the `system` layer: Markdown, no template."""
MAX_NAMED_PROMPTS: Final = 20
NAME_PATTERN: Final = "^[a-z][a-z0-9_]{0,39}$"
MAIN: Final = "main"
_NAME: Final = re.compile(NAME_PATTERN)


class NamedPromptsError(InvalidError):
    """The named prompts break a rule."""

    slug = "named-prompts-invalid"


class Layer(StrEnum):
    """Who speaks, how passages are used, how the message to answer is taken."""

    SYSTEM = "system"
    RAG = "rag"
    USER = "user"


@dataclass(frozen=True, slots=True)
class PromptKey:
    """Which prompt of a persona: `main` is what the layer is compiled from."""

    layer: Layer
    name: str = MAIN

    def __str__(self) -> str:
        """Return it as named prompts are stored: `user/greeting`."""
        return f"{self.layer}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "PromptKey":
        """Return the key that `str` wrote; raise ValueError if it is none."""
        layer, _, name = text.partition("/")
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name of a prompt")
        return cls(Layer(layer), name)


@dataclass(frozen=True, slots=True)
class PromptError:
    """What is wrong with a prompt, and in which line; None: in the whole."""

    line: int | None
    message: str


def prompt_errors(key: PromptKey, content: str) -> list[PromptError]:
    """Return what is wrong with the text of a prompt, by line; an empty list: nothing."""
    if key.layer is Layer.SYSTEM:
        return _too_long(content, MAX_CONTENT_BYTES if key.name == MAIN else MAX_SOURCE_BYTES)
    try:
        check(content)
    except TemplateRefusedError as refused:
        return [PromptError(error.line, error.message) for error in refused.errors]
    return []


def frozen_prompts(value: object) -> Mapping[str, str] | None:
    """Return an unchangeable copy of named prompts, `user/greeting` to its text; None for none.

    Raises:
        NamedPromptsError: with everything that is wrong, by name.
    """
    checks, kept = Checks(), dict[str, str]()
    if value is not None and not isinstance(value, Mapping):
        checks.refuse("named_prompts", "must be an object of texts by layer/name")
        value = None
    given = cast("Mapping[str, Any]", value) if value else dict[str, Any]()
    if len(given) > MAX_NAMED_PROMPTS:
        checks.refuse("named_prompts", f"has {len(given):,}: keep up to {MAX_NAMED_PROMPTS}")
        given = dict[str, Any]()
    for name in sorted(given, key=str):
        field = f"named_prompts.{quotable(str(name))}"
        text = checks.text(field, given[name], MAX_SOURCE_BYTES)
        if text is not None and _is_named(checks, field, str(name)):
            kept[str(name)] = text
            for error in prompt_errors(PromptKey.parse(str(name)), text):
                checks.refuse(field, f"line {error.line}: {error.message}")
    checks.raise_as(NamedPromptsError)
    return MappingProxyType(kept) if kept else None


def _is_named(checks: Checks, field: str, name: str) -> bool:
    try:
        if PromptKey.parse(name).name != MAIN:
            return True
    except ValueError:
        pass
    checks.refuse(field, "must be a layer and a name, such as user/greeting, and not main")
    return False


def _too_long(content: str, limit: int) -> list[PromptError]:
    encoded = content.encode("utf-8", "surrogatepass")
    if len(encoded) <= limit:
        return []
    line = encoded[:limit].count(b"\n") + 1
    return [PromptError(line, f"takes {len(encoded):,} bytes: shorten it to {limit:,}")]
