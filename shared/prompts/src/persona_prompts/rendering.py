"""Templates of the language, ready to render."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final

import jinja2

from persona_prompts.language import LineError, TemplateRefusedError, environment, parse

MAX_OUTPUT_CHARS: Final = 48_000
"""A template's own 8 KiB, 24,000 characters of passages, 12,000 of a message, and their fences."""
KEPT: Final = 64
"""Templates kept as they are rendered: with some 150 KB each, at most 10 MB."""
CHECKED: Final = 4_096
"""Digests kept of texts that passed: some 1 MB, whatever their length."""
TRIAL_PASSAGES: Final = (0, 1, 20)
_TRIAL_PASSAGE_CHARS: Final = 1_000
_TRIAL_QUERY_CHARS: Final = 4_000


_checked = dict[bytes, None]()


class RenderingFailedError(ValueError):
    """A template and these values make no prompt: it would be longer than MAX_OUTPUT_CHARS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of a document; `text` stands between its marker lines already."""

    number: int
    source: str
    page: int | None
    section: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What a template may print; `query` and the texts of `passages` come fenced."""

    query: str
    passages: Sequence[Passage] = ()
    persona_name: str | None = None
    language: str | None = None

    def rendered(self, compiled: jinja2.Template) -> str:
        """Return what `compiled` makes of these values.

        Raises:
            RenderingFailedError: more than MAX_OUTPUT_CHARS.
        """
        parts: list[str] = []
        length = 0
        for part in compiled.generate(asdict(self)):
            length += len(part)
            if length > MAX_OUTPUT_CHARS:
                raise RenderingFailedError(
                    f"it would have more than {MAX_OUTPUT_CHARS:,} characters"
                )
            parts.append(part)
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was checked; `used` are the variables that it names."""

    used: frozenset[str]
    _compiled: jinja2.Template = field(repr=False)

    def render(self, values: Values) -> str:
        """Return the text for a model, without blank space around it.

        Raises:
            RenderingFailedError: these values make no prompt.
        """
        try:
            return values.rendered(self._compiled).strip()
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise RenderingFailedError(str(error)) from error


@lru_cache(maxsize=KEPT)
def template(source: str) -> Template:
    """Return the template of a text; the same text gives the same one.

    Raises:
        TemplateRefusedError: the language does not have what it says.
    """
    return _compiled(source)


def _compiled(source: str) -> Template:
    return Template(parse(source), environment().from_string(source))


def check(source: str) -> None:
    """Return if a text is a template that renders with no passage, with one and with twenty.

    It may take 0.3 s: keep it off the event loop.

    Raises:
        TemplateRefusedError: with what is wrong, by line.
    """
    digest = sha256(source.encode(errors="surrogatepass")).digest()
    if digest in _checked:
        return
    found = _compiled(source)
    for count in TRIAL_PASSAGES:
        try:
            found.render(_trial(count))
        except RenderingFailedError as error:
            message = f"with {count} passages it does not render: {error}"
            raise TemplateRefusedError([LineError(1, message)]) from error
    if len(_checked) >= CHECKED:
        del _checked[next(iter(_checked))]
    _checked[digest] = None


def _trial(count: int) -> Values:
    passages = [
        Passage(
            number=number,
            source="example.pdf",
            page=number if number % 2 else None,
            section=None,
            text="x" * _TRIAL_PASSAGE_CHARS,
        )
        for number in range(1, count + 1)
    ]
    return Values(query="x" * _TRIAL_QUERY_CHARS, passages=passages)
