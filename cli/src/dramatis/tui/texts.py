"""How values are shown in a cell, and documents on a screen."""

import json
import re
import traceback
from datetime import datetime
from typing import Any, cast

from dramatis.output import printable
from dramatis.tui.actions import Row

CELL_CHARS = 48
_PLAIN = re.compile(r"[A-Za-z]([\w ./@-]*[\w./@-])?")
_NO_STRINGS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


def value_of(row: Row, path: str) -> object:
    """Return what stands at `path`, as in `error.title`; `#` counts; None when nothing does."""
    value: Any = row
    for part in path.split("."):
        if value is None:
            return None
        value = len(value) if part == "#" else cast("dict[str, Any]", value).get(part)
    return value


def cell(value: object) -> str:
    """Return a value in one short line, without what could steer a terminal."""
    match value:
        case None | []:
            text = "-"
        case bool():
            text = "yes" if value else "no"
        case str():
            text = _local(value) if _TIME.fullmatch(value) else value
        case list():
            text = ", ".join(map(cell, cast("list[object]", value)))
        case dict():
            members = cast("dict[str, object]", value)
            text = ", ".join(f"{name} {cell(each)}" for name, each in members.items()) or "-"
        case _:
            text = str(value)
    line = printable(" ".join(text.split()))
    return line if len(line) <= CELL_CHARS else f"{line[: CELL_CHARS - 1]}…"


def document(value: object, indent: str = "") -> str:
    """Return a document as YAML."""
    return "\n".join(_lines(value, indent))


def _lines(value: object, indent: str) -> list[str]:
    if isinstance(value, dict) and value:
        members = cast("dict[str, object]", value).items()
        return [line for name, each in members for line in _member(f"{name}:", each, indent)]
    if isinstance(value, list) and value:
        return [line for each in cast("list[object]", value) for line in _member("-", each, indent)]
    return [indent + json.dumps(value, ensure_ascii=False)]


def _member(head: str, value: object, indent: str) -> list[str]:
    deeper = f"{indent}  "
    if isinstance(value, str) and "\n" in value.strip("\n"):
        return [f"{indent}{head} |-", *(f"{deeper}{line}" for line in value.split("\n"))]
    if isinstance(value, (dict, list)) and value:
        return [f"{indent}{head}", *_lines(cast("object", value), deeper)]
    return [f"{indent}{head} {_scalar(cast('Any', value))}"]


def _scalar(value: Any) -> str:  # noqa: ANN401 — JSON
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NO_STRINGS:
        return value
    return json.dumps(value, ensure_ascii=False)


def crash(error: BaseException) -> str:
    """Return what may be told of an error that nobody foresaw: its kind and its place.

    Neither its message nor any value: they may hold a token or what people wrote.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join(
        [
            f"dramatis tui has ended because of a bug: {type(error).__name__}.",
            *places,
            "Nothing that was saved is lost. Please report these lines.",
        ]
    )


def _local(time: str) -> str:
    return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d %H:%M}"
