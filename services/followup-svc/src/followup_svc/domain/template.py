"""Templates: the strict renderer, and the same as a check at save time (A48, A51, N9).

Their grammar is `service_kit.templates`. There is no other renderer: either every token has its
value and nothing else is left to fill, or nothing is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from service_kit.templates import Placeholder, find_placeholders, parse
from service_kit.templates import Token as Written

from followup_svc.domain.tokens import NAMES, SETUP_SOURCES, Facts, Token, TokenSource, named

MAX_ERRORS = 100


class ErrorType(StrEnum):
    """Why a template cannot be sent."""

    MISSING_VALUE = "missing_value"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 — no password
    MALFORMED = "malformed"
    ALIAS = "alias"
    """No error: another spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateError:
    """One thing that is wrong; `position` counts characters of the template from 0."""

    type: ErrorType
    token: str
    """With its braces, such as `{signature}`; of malformed text, the text."""
    source: TokenSource | None
    hint: str
    position: int
    in_template: bool = False
    """The template has to be corrected: no value helps."""

    @property
    def is_setup_issue(self) -> bool:
        """Return whether the workspace has to act: its persona, settings or template (A50)."""
        return self.in_template or self.source in SETUP_SOURCES

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


def render(template: str, facts: Facts, *, max_chars: int) -> Rendered:
    """Return the template filled with `facts`, or everything that is wrong with it."""
    texts: list[str] = []
    found: list[TemplateError] = []
    for piece in parse(template, NAMES):
        filled = _filled(piece, facts)
        if isinstance(filled, TemplateError):
            found.append(filled)
        else:
            texts.append(filled)
    if not found:
        wrong = _too_long(texts, max_chars) or _left_over(template, texts)
        found = [wrong] if wrong else []
    if found:
        return Rendered(rendered=None, template_errors=tuple(found))
    return Rendered(rendered="".join(texts))


def lint(template: str) -> tuple[TemplateError, ...]:
    """Return what no value makes right: unknown tokens, and what is filled by other programs.

    The first MAX_ERRORS of them: nobody corrects more at once, and each hint costs.
    """
    wrong = (piece for piece in parse(template, NAMES) if isinstance(piece, Placeholder))
    return tuple(_refused(piece) for piece in islice(wrong, MAX_ERRORS))


def aliases(template: str) -> tuple[TemplateError, ...]:
    """Return the tokens that are written in snake_case, with their names."""
    return tuple(
        TemplateError(
            type=ErrorType.ALIAS,
            token=piece.text,
            source=_known(piece).source,
            hint=f"It is read as {{{piece.name}}}.",
            position=piece.position,
        )
        for piece in parse(template, NAMES)
        if isinstance(piece, Written) and not piece.text.startswith(f"{{{piece.name}")
    )


def uses(template: str, name: str) -> bool:
    """Return whether `{name}` stands in the template."""
    return any(
        isinstance(piece, Written) and piece.name == name for piece in parse(template, NAMES)
    )


def is_setup_issue(errors: Sequence[TemplateError]) -> bool:
    """Return whether the workspace has to set or correct something."""
    return any(error.is_setup_issue for error in errors)


def pause_reason(step: int, errors: Sequence[TemplateError]) -> str:
    """Return the sentence that tells a person why `step` was not sent (A49)."""
    problems = {
        ErrorType.MISSING_VALUE: "has no value",
        ErrorType.UNKNOWN_TOKEN: "is no token",
        ErrorType.MALFORMED: "cannot be sent",
        ErrorType.ALIAS: "is another name",
    }
    causes = dict.fromkeys(f"{error.token} {problems[error.type]}" for error in errors)
    hints = dict.fromkeys(error.hint for error in errors)
    return f"Step {step} was not sent: {'; '.join(causes)}. {' '.join(hints)}"


def _filled(piece: str | Written | Placeholder, facts: Facts) -> str | TemplateError:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Placeholder):
        return _refused(piece)
    token = _known(piece)
    value = token.value(facts)
    if value is not None:
        return value
    if piece.default is not None:
        return piece.default
    return TemplateError(
        type=ErrorType.MISSING_VALUE,
        token=f"{{{token.name}}}",
        source=token.source,
        hint=token.hint,
        position=piece.position,
    )


def _known(piece: Written) -> Token:
    token = named(piece.name)
    if token is None:
        raise RuntimeError("a parsed template has known tokens only")
    return token


def _refused(piece: Placeholder) -> TemplateError:
    is_unknown = piece.name is not None
    hint = f"{piece.hint} `GET /api/tokens` lists what there is." if is_unknown else piece.hint
    return TemplateError(
        type=ErrorType.UNKNOWN_TOKEN if is_unknown else ErrorType.MALFORMED,
        token=f"{{{piece.name}}}" if is_unknown else piece.text[:200],
        source=None,
        hint=hint,
        position=piece.position,
        in_template=True,
    )


def _left_over(template: str, texts: Sequence[str]) -> TemplateError | None:
    """Return the first thing that values spell, and a lead must not read."""
    left = find_placeholders("".join(texts), NAMES)
    if not left:
        return None
    end = 0
    for piece, part in zip(parse(template, NAMES), texts, strict=True):
        end += len(part)
        if left[0].position < end:
            return _spelled(piece, left[0])
    raise RuntimeError("the text is longer than its parts")


def _spelled(piece: str | Written | Placeholder, left: Placeholder) -> TemplateError:
    token = _known(piece) if isinstance(piece, Written) else None
    origin = f"the value of {{{token.name}}}" if token else "the text before a token"
    return TemplateError(
        type=ErrorType.MALFORMED,
        token=left.text[:200],
        source=token.source if token else None,
        hint=f"The message would show it as it stands: {origin} begins it.",
        position=piece.position if isinstance(piece, Written) else 0,
        in_template=token is None,
    )


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
