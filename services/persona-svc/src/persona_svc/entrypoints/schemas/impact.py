"""Answers about deleting personas: what it would touch, and who is deleted."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from persona_svc.domain.impact import Impact
from persona_svc.domain.persona import DeletedPersonaSummary


class DeletedPersonaDocument(BaseModel):
    """A persona that can be undeleted until it is erased."""

    persona_id: UUID
    name: str
    version: int
    deleted_at: datetime
    deleted_by: str | None = Field(description="null: that was not kept yet.")
    erase_after: datetime = Field(description="Then the persona is erased, everywhere, for good.")
    days_left: int = Field(description="Until then; a day that has begun counts.")

    @classmethod
    def of(cls, deleted: DeletedPersonaSummary, *, now: datetime) -> Self:
        """Return the document of a deleted persona."""
        return cls(
            persona_id=deleted.persona_id,
            name=deleted.name,
            version=deleted.version,
            deleted_at=deleted.deleted_at,
            deleted_by=deleted.deleted_by,
            erase_after=deleted.erase_after,
            days_left=deleted.days_left(now),
        )


class UseDocument(BaseModel):
    """How many things of one kind use the persona."""

    kind: str = Field(
        description="`campaigns`, `children`, `sequences`, `triggers`, `instances`, `files`, …",
        examples=["sequences"],
    )
    count: int
    names: list[str] = Field(description="The first ten, if they have names.")


class ImpactDocument(BaseModel):
    """What deleting a persona would touch."""

    persona_id: UUID
    is_default: bool
    uses: list[UseDocument]
    unknown: list[str] = Field(
        description="Services that did not answer: what they have of the persona is not in `uses`.",
        examples=[["ingest"]],
    )

    @classmethod
    def of(cls, impact: Impact) -> Self:
        """Return the document of an impact."""
        return cls(
            persona_id=impact.persona_id,
            is_default=impact.is_default,
            uses=[
                UseDocument(kind=use.kind, count=use.count, names=list(use.names))
                for use in impact.uses
            ],
            unknown=list(impact.unknown),
        )
