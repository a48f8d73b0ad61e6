"""Templates: the strict renderer, and the same as a check at save time (A48, A51, N9).

`{token}` takes a value, `{token|text}` falls back to `text`, `{{` and `}}` are literal braces.
There is no other renderer: either every token has its value, or nothing is sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from followup_svc.domain.tokens import (
    LEAD_PREFIX,
    QUESTION_PREFIX,
    SETUP_SOURCES,
    TOKENS,
    Facts,
    TokenSource,
    is_blank,
    named,
    suggestion,
)

_PIECES = re.compile(
    r"(?P<brace>\{\{|\}\})|\{(?P<inside>[^{}]*)\}|(?P<stray>[{}])|(?P<text>[^{}]+)"
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*|lead\.[^\s|](?:[^|]*[^\s|])?")
_HOLE = re.compile(
    r"\{(?:"
    + "|".join(map(re.escape, TOKENS))
    + rf"|{re.escape(LEAD_PREFIX)}[^{{}}|]+|{QUESTION_PREFIX}[1-9][0-9]*)(?:\|[^{{}}]*)?\}}"
)
"""What a lead must never read."""


class ErrorType(StrEnum):
    """Why a template cannot be sent."""

    MISSING_VALUE = "missing_value"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 — no password
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateError:
    """One thing that is wrong; `position` counts characters of the template from 0."""

    type: ErrorType
    token: str
    """With its braces, such as `{signature}`; of malformed text, the text."""
    source: TokenSource | None
    hint: str
    position: int

    @property
    def is_setup_issue(self) -> bool:
        """Return whether the persona or the workspace lacks the value (A50)."""
        return self.type is ErrorType.MISSING_VALUE and self.source in SETUP_SOURCES

    @property
    def code(self) -> str:
        """The error without its place, such as `missing_value:{signature}`."""
        return f"{self.type}:{self.token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The text to send, or why there is none; `rendered` is null unless `ok`."""

    rendered: str | None
    template_errors: tuple[TemplateError, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether the text may be sent."""
        return self.rendered is not None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Literal `text`, or the token `name` with its `text` as default (null: none)."""

    position: int
    text: str | None
    name: str | None = None


def render(template: str, facts: Facts, *, max_chars: int) -> Rendered:
    """Return the template filled with `facts`, or everything that is wrong with it."""
    pieces, errors = _parsed(template)
    texts: list[str] = []
    found = list(errors)
    for piece in pieces:
        if piece.name is None:
            texts.append(piece.text or "")
            continue
        value = _value(piece, facts)
        if isinstance(value, TemplateError):
            found.append(value)
        else:
            texts.append(value)
    if found:
        return Rendered(
            rendered=None, template_errors=tuple(sorted(found, key=lambda error: error.position))
        )
    wrong = _too_long(texts, max_chars) or _left_over(pieces, texts)
    if wrong:
        return Rendered(rendered=None, template_errors=(wrong,))
    return Rendered(rendered="".join(texts))


def lint(template: str) -> tuple[TemplateError, ...]:
    """Return what no value makes right: unknown tokens, malformed text, tokens as literals."""
    pieces, errors = _parsed(template)
    if errors:
        return errors
    texts = ["" if piece.name else piece.text or "" for piece in pieces]
    wrong = _left_over(pieces, texts)
    return (wrong,) if wrong else ()


def uses(template: str, name: str) -> bool:
    """Return whether `{name}` stands in the template."""
    return any(piece.name == name for piece in _parsed(template)[0])


def is_setup_issue(errors: Sequence[TemplateError]) -> bool:
    """Return whether a setting of the persona or the workspace is missing."""
    return any(error.is_setup_issue for error in errors)


def pause_reason(step: int, errors: Sequence[TemplateError]) -> str:
    """Return the sentence that tells a person why `step` was not sent (A49)."""
    problems = {
        ErrorType.MISSING_VALUE: "has no value",
        ErrorType.UNKNOWN_TOKEN: "is no token",
        ErrorType.MALFORMED: "cannot be sent",
    }
    causes = dict.fromkeys(f"{error.token} {problems[error.type]}" for error in errors)
    hints = dict.fromkeys(error.hint for error in errors)
    return f"Step {step} was not sent: {'; '.join(causes)}. {' '.join(hints)}"


def _value(piece: _Piece, facts: Facts) -> str | TemplateError:
    token = named(piece.name or "")
    if token is None:
        raise RuntimeError("a parsed template has known tokens only")
    value = token.read(facts)
    if value is not None and not is_blank(value):
        return value
    if piece.text is not None:
        return piece.text
    return TemplateError(
        type=ErrorType.MISSING_VALUE,
        token=f"{{{token.name}}}",
        source=token.source,
        hint=token.hint,
        position=piece.position,
    )


@lru_cache(maxsize=1_024)
def _parsed(template: str) -> tuple[tuple[_Piece, ...], tuple[TemplateError, ...]]:
    pieces: list[_Piece] = []
    errors: list[TemplateError] = []
    for match in _PIECES.finditer(template):
        position = match.start()
        if match["inside"] is not None:
            read = _placeholder(match["inside"], position)
            errors.append(read) if isinstance(read, TemplateError) else pieces.append(read)
        elif match["stray"]:
            errors.append(_malformed(match["stray"], position, "Write a literal brace twice."))
        else:
            pieces.append(_Piece(position, match["text"] or match["brace"][0]))
    return tuple(pieces), tuple(errors)


def _placeholder(inside: str, position: int) -> _Piece | TemplateError:
    name, bar, default = inside.partition("|")
    if not _NAME.fullmatch(name):
        hint = "A token is letters and digits in braces, such as {firstName}; a literal brace is"
        return _malformed(f"{{{inside}}}", position, f"{hint} written twice.")
    if named(name) is None:
        return TemplateError(
            type=ErrorType.UNKNOWN_TOKEN,
            token=f"{{{name}}}",
            source=None,
            hint=suggestion(name),
            position=position,
        )
    return _Piece(position, default if bar else None, name)


def _left_over(pieces: Sequence[_Piece], texts: Sequence[str]) -> TemplateError | None:
    """A value, or a literal brace, may spell a token: a lead must not read that either."""
    hole = _HOLE.search("".join(texts))
    if hole is None:
        return None
    end = 0
    for piece, part in zip(pieces, texts, strict=True):
        end += len(part)
        if hole.start() < end:
            token = named(piece.name) if piece.name else None
            origin = f"the value of {{{piece.name}}}" if token else "a literal brace"
            return TemplateError(
                type=ErrorType.MALFORMED,
                token=hole[0][:200],
                source=token.source if token else None,
                hint=f"The message would show it as it stands: {origin} begins it.",
                position=piece.position,
            )
    raise RuntimeError("the text is longer than its parts")


def _too_long(texts: Sequence[str], max_chars: int) -> TemplateError | None:
    chars = sum(map(len, texts))
    if chars <= max_chars:
        return None
    hint = f"The text has {chars} characters; at most {max_chars} can be sent."
    return _malformed(texts[0][:50], 0, hint)


def _malformed(text: str, position: int, hint: str) -> TemplateError:
    return TemplateError(
        type=ErrorType.MALFORMED, token=text[:200], source=None, hint=hint, position=position
    )
