"""What differs between two versions of a persona."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from persona_svc.domain.metadata import metadata_json
from persona_svc.domain.persona import FIELDS, TEXT_LIMITS, PersonaFields

MAX_DIFF_LINES: Final = 2_000
"""Longer texts get no unified diff: with many equal lines its time grows with the square."""

_LONG_TEXTS: Final = {*TEXT_LIMITS, "content", "rag_prompt", "user_prompt"}
_LABELS: Final = {"parent_id": "parent", "model": "model settings"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field before and after, as plain values.

    `unified` is a unified diff without file names: of texts only, and None if one of them has
    more than 2,000 lines.
    """

    field: str
    before: Any
    after: Any
    unified: str | None


def changed_fields(old: PersonaFields, new: PersonaFields) -> list[str]:
    """Return the names of the fields that differ, in their order."""
    return [name for name in FIELDS if _comparable(old, name) != _comparable(new, name)]


def diff(old: PersonaFields, new: PersonaFields) -> list[FieldChange]:
    """Return what differs, field by field, in the fields' order."""
    before, after = old.as_dict(), new.as_dict()
    return [
        FieldChange(
            field=name,
            before=before[name],
            after=after[name],
            unified=unified_diff(before[name], after[name]) if name in _LONG_TEXTS else None,
        )
        for name in changed_fields(old, new)
    ]


def unified_diff(before: str | None, after: str | None) -> str | None:
    """Return a unified diff without file names; None if a text has more than 2,000 lines."""
    old, new = ([] if text is None else text.split("\n") for text in (before, after))
    if max(len(old), len(new)) > MAX_DIFF_LINES:
        return None
    lines = list(difflib.unified_diff(old, new, lineterm=""))
    return "\n".join(lines[2:])


def changes_summary(old: PersonaFields, new: PersonaFields) -> str:
    """Return one sentence for people about what was changed."""
    changed = [name for name in changed_fields(old, new) if name not in {"name", "is_active"}]
    emptied = [name for name in changed if not getattr(new, name)]
    filled = [name for name in changed if not getattr(old, name)]
    edited = [name for name in changed if name not in {*emptied, *filled}]
    clauses = [
        f'renamed from "{old.name}" to "{new.name}"' if old.name != new.name else "",
        _activity(old, new),
        _clause("set", filled),
        _clause("changed", edited),
        _clause("emptied", emptied),
    ]
    sentence = "; ".join(clause for clause in clauses if clause) or "nothing changed"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _comparable(values: PersonaFields, name: str) -> object:
    # As JSON, because Python takes 1 and True for equal.
    return metadata_json(values.metadata) if name == "metadata" else getattr(values, name)


def _activity(old: PersonaFields, new: PersonaFields) -> str:
    if old.is_active == new.is_active:
        return ""
    return "activated" if new.is_active else "deactivated"


def _clause(verb: str, names: Iterable[str]) -> str:
    labels = [_LABELS.get(name, name.replace("_", " ")) for name in names]
    if not labels:
        return ""
    *others, last = labels
    return f"{verb} {', '.join(others)} and {last}" if others else f"{verb} {last}"
