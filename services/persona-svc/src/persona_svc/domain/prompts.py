"""The three prompt layers of a persona, and how many tokens they take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from persona_prompts import RAG_PROMPT, USER_PROMPT
from service_kit.errors import FieldError, InvalidError

MAX_COMPILED_TOKENS: Final = 8_000
CHARS_PER_TOKEN: Final = 4
"""OpenAI's rule of thumb for English text."""


class PersonaTooLongError(InvalidError):
    """A compiled persona may take up to 8,000 tokens."""

    slug = "persona-too-long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """The layers: who speaks (`system`), use of passages (`rag`), the message (`user`).

    `system` is text; `rag` and `user` are templates of `persona_prompts`.
    """

    system: str
    rag: str = RAG_PROMPT
    user: str = USER_PROMPT


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the system prompt; `part` is its name in token counts and errors."""

    part: str
    text: str


def section(part: str, heading: str, text: str | None) -> list[Section]:
    """Return the section in a list, or an empty list without a text."""
    return [] if text is None else [Section(part, f"# {heading}\n\n{text}")]


def compile_prompts(sections: Sequence[Section], rag: str | None, user: str | None) -> Prompts:
    """Return the layers: the sections in their order, and two templates (None: the built-in)."""
    system = "\n\n".join(item.text for item in sections)
    return Prompts(system=system, rag=rag or RAG_PROMPT, user=user or USER_PROMPT)


def count_tokens(sections: Sequence[Section], prompts: Prompts) -> dict[str, int]:
    """Return how many tokens each part of all three layers takes (about 4 characters each)."""
    texts = {item.part: item.text for item in sections}
    texts |= {"prompts.rag": prompts.rag, "prompts.user": prompts.user}
    return {part: math.ceil(len(text) / CHARS_PER_TOKEN) for part, text in texts.items()}


def require_size(name: str, tokens: Mapping[str, int]) -> None:
    """Refuse the persona called `name` if its parts take too much together.

    Raises:
        PersonaTooLongError: with the count of every part, the largest first.
    """
    total = sum(tokens.values())
    if total <= MAX_COMPILED_TOKENS:
        return
    largest_first = sorted(tokens.items(), key=lambda item: -item[1])
    raise PersonaTooLongError(
        f'compiled, "{name}" would take {total:,} tokens of {MAX_COMPILED_TOKENS:,}: '
        + ", ".join(f"{part} {count:,}" for part, count in largest_first),
        errors=[FieldError(part, f"takes {count:,} tokens") for part, count in largest_first],
        extra={"persona": name, "tokens": dict(tokens), "max_tokens": MAX_COMPILED_TOKENS},
    )
