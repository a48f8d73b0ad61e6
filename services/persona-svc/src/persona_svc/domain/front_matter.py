"""YAML front matter of a Markdown file: a safe, predictable part of YAML, read and written.

Read are mappings, lists, whole and decimal numbers, and what the core schema of YAML 1.2 writes for
true, false and null (`True`, `FALSE`, `NULL`, `~`); all else is text, so `no`, `2024-01-01` and
`0x1F` stay what they are.
Tags, anchors, aliases and repeated keys are refused: a file comes from anybody.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

import yaml
from service_kit.errors import InvalidError

from persona_svc.domain.checks import quotable

MAX_DEPTH: Final = 12
MAX_EVENTS: Final = 20_000
"""More than the largest valid persona needs; with it reading takes well under a second."""

_CONSTANTS: Final = {"": None, "~": None} | {
    form: value
    for word, value in {"null": None, "true": True, "false": False}.items()
    for form in (word, word.capitalize(), word.upper())
}
"""YAML 1.2.2, section 10.3.2."""
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,15})\.[0-9]+([eE][-+][0-9]{1,3})?")
_PRINTABLE: Final = re.compile(
    "[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010fffe]*"
)
"""What YAML keeps unescaped in every style: no tabs, no byte order mark, no exotic line ends."""
_WITH_COLON: Final = re.compile(
    r"^([A-Za-z][\w-]*): +([^\s\"'\[{|>&*!#%@`-][^\n\r]*: [^\n\r]*)", re.MULTILINE
)
_ONE_LINE: Final = 1_000_000
_Parse: TypeAlias = Callable[[str, type[yaml.SafeLoader]], Iterator[yaml.Event]]


class PersonaFileError(InvalidError):
    """The persona file cannot be read."""

    slug = "persona-file-invalid"


def read_front_matter(text: str) -> dict[str, Any]:
    """Return the mapping that `text` holds, empty if it holds nothing.

    Raises:
        PersonaFileError: it is not YAML of the kind above; the text names the line of the file.
    """
    parse = cast("_Parse", yaml.parse)  # pyright: ignore[reportUnknownMemberType] (no types there)
    try:
        return _Reader(parse(text, yaml.SafeLoader)).document()
    except yaml.MarkedYAMLError as error:
        raise _refused(error.problem or "is not YAML", error.problem_mark) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # An unprintable character as it is, or an escape beyond Unicode.
        raise _refused("has a character that YAML does not allow", None) from None


def read_loose_front_matter(text: str) -> dict[str, Any]:
    """Return the mapping that `text` holds, as programs read it that know lines, not YAML.

    To them a text of one line may have colons: `description: Use it so: …`.

    Raises:
        PersonaFileError: it is no YAML with such texts in quotes, either.
    """
    try:
        return read_front_matter(text)
    except PersonaFileError:
        quoted = _WITH_COLON.sub(lambda line: f"{line[1]}: {json.dumps(line[2])}", text)
        if quoted == text:
            raise
        return read_front_matter(quoted)


def write_front_matter(values: Mapping[str, Any]) -> str:
    """Return YAML that `read_front_matter` reads as `values`; other readers of YAML too."""
    return yaml.dump(
        dict(values), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_ONE_LINE
    )


class _Reader:
    """Builds values from YAML events, without any constructor of the YAML library."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._count = 0

    def document(self) -> dict[str, Any]:
        self._next()
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            return {}
        values = self._value(self._next(), 1)
        if values is not None and not isinstance(values, dict):
            raise _refused("must hold lines like `name: value`", start.start_mark)
        self._next()
        if not isinstance(after := self._next(), yaml.StreamEndEvent):
            raise _refused("starts a second document", after.start_mark)
        return cast("dict[str, Any]", values or {})

    def _next(self) -> yaml.Event:
        self._count += 1
        event = next(self._events)
        if self._count > MAX_EVENTS:
            raise _refused("holds too many values", event.start_mark)
        return event

    def _value(self, event: yaml.Event, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise _refused(f"is nested deeper than {MAX_DEPTH} levels", event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refused("uses & or *: write the value out, or quote it", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise _refused("uses a tag: remove it, or quote the text with !", event.start_mark)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(depth)
        return _scalar(cast("yaml.ScalarEvent", event))

    def _mapping(self, depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, depth)
            if key in values:
                raise _refused(f"repeats the key {quotable(key)}", event.start_mark)
            values[key] = self._value(self._next(), depth + 1)
        return values

    def _key(self, event: yaml.Event, depth: int) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _refused("has a key that is not text", event.start_mark)
        self._value(event, depth)
        return event.value

    def _list(self, depth: int) -> list[object]:
        values: list[object] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            values.append(self._value(event, depth + 1))
        return values


def _scalar(event: yaml.ScalarEvent) -> object:
    text = event.value
    if event.style is not None:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _refused(message: str, mark: yaml.Mark | None) -> PersonaFileError:
    # The front matter begins on the file's second line; marks count from 0.
    line = "" if mark is None else f"line {mark.line + 2}: "
    return PersonaFileError(f"front matter: {line}{message}")


class _Dumper(yaml.SafeDumper):
    """Writes every value out, and texts in the plainest style that keeps each character."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    del dumper
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    if not _PRINTABLE.fullmatch(text):
        return '"'
    if "\n" not in text:
        return None
    lines = text.removesuffix("\n").split("\n")
    unambiguous = lines[0] == lines[0].lstrip() and lines[0] and lines[-1]
    tidy = unambiguous and all(line == line.rstrip() for line in lines)
    return "|" if tidy else '"'


_Dumper.add_representer(str, _text_node)
