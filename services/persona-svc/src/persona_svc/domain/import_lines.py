"""`@import` lines, by which files of instructions name others: `@docs/style.md`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_IMPORT: Final = re.compile(
    r"[ \t]*(?:[-*+][ \t]+)?@(?:import[ \t]+)?"
    r"(?:\"(?P<quoted>[^\"\n]+)\"|'(?P<single>[^'\n]+)'|<(?P<angled>[^>\n]+)>|(?P<plain>[^\s@<>\"']+))"
    r"[ \t]*"
)
"""A line that is nothing else: a name within a sentence stays a name."""
_FENCE: Final = re.compile(r" {0,3}(```+|~~~+)")


@dataclass(frozen=True, slots=True)
class ImportLine:
    """A line that names a file; `number` counts from 1."""

    number: int
    path: str


def find_import_lines(text: str) -> Iterator[ImportLine]:
    """Yield the lines of `text`, outside of code, that name a file by a path or an extension."""
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and (path := _path(line.rstrip("\r"))):
            yield ImportLine(number, path)


def _path(line: str) -> str | None:
    found = _IMPORT.fullmatch(line)
    if found is None:
        return None
    path = next(value for value in found.groupdict().values() if value is not None)
    return path if "/" in path or "." in path.strip(".") else None
