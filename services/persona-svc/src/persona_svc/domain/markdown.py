"""A persona as one Markdown file: its fields as YAML front matter, its content below.

    ---
    name: Consultative
    tone: |-
      Curious and patient.
    ---

    # How to answer
    …

Export and import lose nothing. The parent stands there by its name, which is unique in a
workspace, so that a file finds its parent in another workspace too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from persona_svc.domain.checks import Checks, quotable
from persona_svc.domain.front_matter import (
    PersonaFileError,
    read_front_matter,
    read_loose_front_matter,
    write_front_matter,
)
from persona_svc.domain.import_lines import find_import_lines
from persona_svc.domain.persona import (
    FIELDS,
    MAX_NAME_CHARS,
    InvalidPersonaError,
    PersonaFields,
)

MAX_DROPPED: Final = 50
"""More are not told one by one."""
MAX_FILE_BYTES: Final = 512 * 1024
"""Room for every valid persona, whatever characters it is made of."""

_FIRST_LINE: Final = re.compile(r"---[ \t]*(\r?\n)")
_LAST_LINE: Final = re.compile(r"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_HEADING: Final = re.compile(r" {0,3}#{1,6}[ \t]")
_FILE_NAME: Final = re.compile(r"[\w.-]+\.\w{1,4}", re.ASCII)
"""Such as CLAUDE.md: the heading that programs give to such a file says nothing of it."""
_ELSEWHERE: Final = {
    "content": "belongs below the front matter, as Markdown",
    "parent_id": "is not portable: write `parent:` and the parent's name",
}


@dataclass(frozen=True, slots=True)
class Dropped:
    """What of a file the persona does not hold, and why."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaFile:
    """What a file holds. `fields.parent_id` is None: whoever imports looks `parent_name` up."""

    fields: PersonaFields
    parent_name: str | None
    dropped: tuple[Dropped, ...] = ()


def to_markdown(file: PersonaFile) -> str:
    """Return the text of the file; only fields that are not at their default are written."""
    front = _front(file)
    content = file.fields.content
    body = "" if content is None else f"\n{content}\n"
    return f"---\n{write_front_matter(front)}---\n{body}"


def from_markdown(text: str) -> PersonaFile:
    """Return the persona that a file holds.

    Keys that are no fields go to `metadata`. Of the content one empty line before it and one line
    end after it are left out; everything else is verbatim, CRLF too.

    Raises:
        PersonaFileError: larger than 512 KiB, no front matter, or front matter that is not YAML.
        InvalidPersonaError: with everything that breaks a rule for personas.
    """
    text = _checked(text)
    if not _FIRST_LINE.match(text):
        raise PersonaFileError("the first line must be --- and the front matter must follow it")
    front_matter, content = _split(text)
    return _built(read_front_matter(front_matter), content)


def from_any_markdown(text: str, name: str | None = None) -> PersonaFile:
    """Return the persona of any Markdown: instructions, such as CLAUDE.md, need no front matter.

    Without `name` it is called as the front matter says, else as the first heading that is no
    file's name, else as the first line. `@import` lines stay, and are told.

    Raises:
        PersonaFileError: empty, larger than 512 KiB, or front matter that is not YAML.
        InvalidPersonaError: as `from_markdown`.
    """
    text = _checked(text).lstrip("\r\n")
    has_front = _FIRST_LINE.match(text)
    front_matter, content = _split(text) if has_front else ("", text.rstrip("\r\n"))
    front = read_loose_front_matter(front_matter)
    if not front and not content.strip():
        raise PersonaFileError("the file is empty")
    if name or not front.get("name"):
        front["name"] = name or _title(content)
    dropped = [
        Dropped("content", f"line {line.number}: @{quotable(line.path)} is not read from here")
        for line in find_import_lines(content)
    ]
    return replace(_built(front, content), dropped=told(dropped))


def told(dropped: Sequence[Dropped]) -> tuple[Dropped, ...]:
    """Return the first MAX_DROPPED, and how many more there are."""
    more = len(dropped) - MAX_DROPPED
    rest = (Dropped("", f"{more:,} more"),) if more > 0 else ()
    return (*dropped[:MAX_DROPPED], *rest)


def _checked(text: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_FILE_BYTES:
        raise PersonaFileError(f"the file has more than {MAX_FILE_BYTES:,} bytes: shorten it")
    return text.removeprefix("\ufeff")


def _built(front: dict[str, Any], content: str) -> PersonaFile:
    checks = Checks()
    parent_name = checks.label("parent", front.pop("parent", None), MAX_NAME_CHARS)
    for name, message in _ELSEWHERE.items():
        if front.pop(name, None) is not None:
            checks.refuse(name, message)
    if isinstance(model := front.get("model"), str):  # as files of agents say it
        front["model"] = None if model.strip().lower() == "inherit" else {"name": model}
    values = {**_with_unknown_as_metadata(checks, front), "content": content}
    fields = checks.attempt(lambda: PersonaFields.from_dict(values))
    return PersonaFile(fields=checks.result(InvalidPersonaError, fields), parent_name=parent_name)


def _title(content: str) -> str | None:
    """Return what the text calls itself, cut to the length of a name; None: it has no word."""
    lines = [line.strip(" \t\r#*_=-`>") for line in content.split("\n")]
    headings = [
        text
        for line, text in zip(content.split("\n"), lines, strict=True)
        if _HEADING.match(line) and text and not _FILE_NAME.fullmatch(text)
    ]
    words = headings or [text for text in lines if text and not _FILE_NAME.fullmatch(text)]
    return words[0][:MAX_NAME_CHARS].strip() if words else None


def _front(file: PersonaFile) -> dict[str, Any]:
    values = file.fields.as_dict()
    del values["content"]
    values["parent_id"] = file.parent_name
    values["is_active"] = None if file.fields.is_active else False
    values["model"] = _without_nulls(values["model"])
    values["voice"] = _without_nulls(values["voice"] or {})
    if not values["voice"].get("enabled"):
        values["voice"].pop("enabled", None)
    return {
        "parent" if name == "parent_id" else name: value
        for name, value in values.items()
        if value is not None and value not in ({}, [])
    }


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, {}, [])}


def _split(text: str) -> tuple[str, str]:
    """Return the front matter and the content of a text that begins with front matter."""
    start = _FIRST_LINE.match(text)
    end = _LAST_LINE.search(text, start.end()) if start else None
    if start is None or end is None:
        raise PersonaFileError("the front matter has no end: put a line --- after it")
    line_end = start[1]
    content = text[end.end() :].removeprefix(line_end).removesuffix(line_end)
    return text[start.end() : end.start()], content


def _with_unknown_as_metadata(checks: Checks, front: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in front.items() if name in FIELDS}
    unknown = {name: value for name, value in front.items() if name not in FIELDS}
    metadata = known.get("metadata")
    if unknown and isinstance(metadata, Mapping | None):
        given = cast("Mapping[str, Any]", metadata or {})
        for name in sorted(given.keys() & unknown.keys()):
            checks.refuse(quotable(name), "stands both in the front matter and in its metadata")
        known["metadata"] = {**given, **unknown}
    return known
