"""JSON-like values as readable YAML; strings that YAML could take for something else are quoted."""

import json
import re
from collections.abc import Iterator
from typing import cast

_PLAIN = re.compile(r"[A-Za-z$][A-Za-z0-9$._/-]*(?: [A-Za-z0-9._/-]+)*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_STEP = "  "


def to_yaml(document: dict[str, object]) -> str:
    """Return `document` as block-style YAML 1.2, which YAML 1.1 readers understand alike."""
    return "\n".join(_lines(document)) + "\n"


def _lines(value: object) -> Iterator[str]:
    members, items = _contents(value)
    if not members and not items:
        yield _scalar(value)
    for key, member in members.items():
        if any(_contents(member)):
            yield f"{_scalar(key)}:"
            yield from (_STEP + line for line in _lines(member))
        else:
            yield f"{_scalar(key)}: {_scalar(member)}"
    for item in items:
        first, *rest = _lines(item)
        yield f"- {first}"
        yield from (_STEP + line for line in rest)


def _contents(value: object) -> tuple[dict[str, object], list[object]]:
    """Return the members of an object and the items of a list; both empty for anything else."""
    return (
        cast("dict[str, object]", value) if isinstance(value, dict) else {},
        cast("list[object]", value) if isinstance(value, list) else [],
    )


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False)
