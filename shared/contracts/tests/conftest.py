"""Settings of hypothesis, and the comparison of two schemas as a fixture."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

# A busy machine is no finding.
settings.register_profile("contracts", deadline=None)
settings.load_profile("contracts")

Schema = dict[str, Any]

HIGHER_IS_NARROWER = ("minLength", "minItems", "minimum", "exclusiveMinimum")
LOWER_IS_NARROWER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
ANY_CHANGE_IS_NARROWER = ("pattern", "format", "const")


class Change(NamedTuple):
    """What became of one place of a schema."""

    path: str
    what: str


class Comparison:
    """Finds where `new` refuses, misses or drops what `old` had."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new

    def changes(self) -> list[Change]:
        return list(self._any(self._old, self._new, "$"))

    def _any(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        """Every alternative of `old` needs one of `new` that takes it; report the nearest."""
        for option in alternatives(old, self._old):
            candidates = alternatives(new, self._new)
            same_type = [c for c in candidates if c.get("type") == option.get("type")]
            yield from min(
                (list(self._one(option, c, path)) for c in same_type or candidates), key=len
            )

    def _one(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        if "type" in new and new["type"] != old.get("type"):
            yield Change(path, "type")
            return
        yield from limits(old, new, path)
        if old.get("type") == "object":
            yield from self._object(old, new, path)
        for part in ("items", "additionalProperties", "propertyNames"):
            if isinstance(new.get(part), dict):
                kept = old.get(part)
                before = kept if isinstance(kept, dict) else {}
                yield from self._any(before, new[part], f"{path}.{part}")

    def _object(self, old: Schema, new: Schema, path: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name in after:
                yield from self._any(before[name], after[name], f"{path}.{name}")
            else:
                yield Change(f"{path}.{name}", "removed")
        for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
            yield Change(f"{path}.{name}", "required")
        if (
            new.get("additionalProperties") is False
            and old.get("additionalProperties") is not False
        ):
            yield Change(path, "closed")
        if "anyOf" in new and new["anyOf"] != old.get("anyOf"):
            yield Change(path, "anyOf")


def alternatives(schema: Schema, root: Schema) -> list[Schema]:
    if "$ref" in schema:
        return alternatives(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema and "properties" not in schema:
        return [option for part in schema["anyOf"] for option in alternatives(part, root)]
    return [schema]


def limits(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    for key in ANY_CHANGE_IS_NARROWER:
        if key in new and new[key] != old.get(key):
            yield Change(path, key)
    for keys, sign in ((HIGHER_IS_NARROWER, 1), (LOWER_IS_NARROWER, -1)):
        for key in keys:
            if key in new and (key not in old or sign * new[key] > sign * old[key]):
                yield Change(path, key)
    if "enum" in new and not set(old.get("enum", [old.get("const")])) <= set(new["enum"]):
        yield Change(path, "enum")


def breaking_changes(old: Schema, new: Schema, *, sent_by_us: bool) -> list[Change]:
    """Return what a `.v2` would be needed for.

    Of what we send, readers also rely on its types and on what is always there.
    """
    found = Comparison(old, new).changes()
    if sent_by_us:
        widened = Comparison(new, old).changes()
        found += [
            Change(path, f"no longer the same {what}")
            for path, what in widened
            if what in ("type", "required")
        ]
    return found


@pytest.fixture(name="breaking_changes")
def _breaking_changes() -> Callable[..., list[Change]]:
    return breaking_changes
