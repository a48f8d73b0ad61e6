"""Answers about the versions of a persona."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel

from persona_svc.domain.diff import FieldChange, diff
from persona_svc.domain.version import PersonaVersion, VersionSummary


class VersionSummaryDocument(BaseModel):
    """One change of a persona."""

    version: int
    changed_by: str
    changes_summary: str
    created_at: datetime

    @classmethod
    def of(cls, version: VersionSummary) -> Self:
        """Return it without the fields."""
        return cls(**_summary(version))


class VersionDocument(VersionSummaryDocument):
    """The persona as it was."""

    fields: dict[str, Any]

    @classmethod
    def whole(cls, version: PersonaVersion) -> Self:
        """Return it with the fields."""
        return cls(**_summary(version), fields=version.fields.as_dict())


class FieldChangeDocument(BaseModel):
    """One field that differs; `unified_diff` for texts."""

    field: str
    before: Any
    after: Any
    unified_diff: str | None

    @classmethod
    def of(cls, change: FieldChange) -> Self:
        """Return the document of one difference."""
        return cls(
            field=change.field,
            before=change.before,
            after=change.after,
            unified_diff=change.unified,
        )


class DiffDocument(BaseModel):
    """What differs between two versions."""

    from_version: int
    to_version: int
    changes: list[FieldChangeDocument]

    @classmethod
    def of(cls, before: PersonaVersion, after: PersonaVersion) -> Self:
        """Return the document of two versions."""
        changes = diff(before.fields, after.fields)
        return cls(
            from_version=before.number,
            to_version=after.number,
            changes=[FieldChangeDocument.of(change) for change in changes],
        )


def _summary(version: VersionSummary) -> dict[str, Any]:
    return {
        "version": version.number,
        "changed_by": version.changed_by,
        "changes_summary": version.changes_summary,
        "created_at": version.created_at,
    }
