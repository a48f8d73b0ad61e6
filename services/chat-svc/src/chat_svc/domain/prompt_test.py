"""A test of prompts: one question, answered with the active ones and with drafts of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from persona_model.message import Message
from persona_model.usage import TokenUsage
from persona_model.voice import Voice
from persona_prompts import TemplateRefusedError, check
from service_kit.errors import ConflictError, FieldError, InvalidError

Side = Literal["active", "draft"]


class PersonaInactiveError(ConflictError):
    """The persona is inactive: nobody speaks as it."""

    slug = "persona-inactive"


class DraftRefusedError(InvalidError):
    """A draft of a prompt is no template."""

    slug = "prompt-draft-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The `content` of a persona that its system prompt holds now, with that of its ancestors."""

    persona_id: UUID
    text: str
    is_inherited: bool
    """Whether all of it is an ancestor's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Texts to try in place of the active ones; None: the active one.

    Raises:
        DraftRefusedError: `rag` or `user` is no template, by line.
    """

    system: str | None = None
    """In place of the persona's own `content`."""
    rag: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no answer can be written with."""
        errors = [*_errors("rag", self.rag), *_errors("user", self.user)]
        if errors:
            detail = "; ".join(f"{each.field}: {each.message}" for each in errors)
            raise DraftRefusedError(detail, errors=errors)

    def spoken_in(self, active: Voice, present: Content) -> Voice:
        """Return how the persona would speak with these."""
        instructions = active.instructions
        if self.system is not None:
            instructions = _having(instructions, present, self.system)
        return replace(
            active,
            instructions=instructions,
            rag_prompt=active.rag_prompt if self.rag is None else self.rag,
            user_prompt=active.user_prompt if self.user is None else self.user,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptShown:
    """What the model is told on one side."""

    side: Side
    messages: list[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words of an answer, as they come."""

    side: Side
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer took; `first_token_ms` is from the question on, as `took_ms`."""

    side: Side
    model: str
    usage: TokenUsage
    first_token_ms: int
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAnswered:
    """Why a side has no answer."""

    side: Side
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTest:
    """All that is kept of one side of a test: what it took."""

    test_id: UUID
    workspace_id: str
    persona_id: UUID
    version: int
    side: Side
    model: str
    usage: TokenUsage
    took_ms: int
    created_at: datetime


def _errors(layer: str, text: str | None) -> list[FieldError]:
    try:
        check(text or "")
    except TemplateRefusedError as error:
        return [FieldError(f"{layer}, line {each.line}", each.message) for each in error.errors]
    return []


_HEADING: Final = "# Instructions"


def _having(system: str, present: Content, content: str) -> str:
    """Return the compiled system prompt with another own content; an ancestor's stays before it."""
    before, comment, _ = present.text.rpartition(f"({present.persona_id}) -->\n")
    if present.is_inherited:
        before = f"{present.text}\n\n"
    head, found, tail = system.rpartition(present.text) if present.text else (system, "", "")
    if found:
        return f"{head}{before}{comment}{content}{tail}"
    return f"{system}\n\n{_HEADING}\n\n{content}"
