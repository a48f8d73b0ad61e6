"""The tables of sequences and their versions."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter
from service_kit.store import Base, OwnedByWorkspace, Session, any_of
from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from followup_svc.domain.sequence import SavedSequence, Sequence, SequenceNotFoundError

_DEFINITION = TypeAdapter(Sequence)
Version = tuple[UUID, int]
"""A sequence and the number of one of its versions."""


class SequenceRow(OwnedByWorkspace, Base):
    """A sequence at its newest version; its `version` is its ETag."""

    __tablename__ = "sequence"

    sequence_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int]
    definition: Mapped[dict[str, Any]]
    trigger_event: Mapped[str | None]
    trigger_saved_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    @property
    def sequence(self) -> Sequence:
        """What the newest version says."""
        return _DEFINITION.validate_python(self.definition)

    @property
    def saved(self) -> SavedSequence:
        """The newest version, to start leads with."""
        return SavedSequence(
            workspace_id=self.workspace_id,
            sequence_id=self.sequence_id,
            version=self.version,
            sequence=self.sequence,
            trigger_saved_at=self.trigger_saved_at,
        )


class SequenceVersionRow(OwnedByWorkspace, Base):
    """One version of a sequence; it never changes."""

    __tablename__ = "sequence_version"

    sequence_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]

    @property
    def sequence(self) -> Sequence:
        """What this version says."""
        return _DEFINITION.validate_python(self.definition)


class SequenceVersions:
    """Versions by number, remembered: they never change."""

    def __init__(self, capacity: int = 2_000) -> None:
        self._known: OrderedDict[Version, Sequence] = OrderedDict()
        self._capacity = capacity

    async def get(
        self, session: Session, wanted: Collection[Version]
    ) -> Mapping[Version, Sequence]:
        """Return each of `wanted`, which must exist."""
        missing = sorted({version for version in wanted if version not in self._known})
        if missing:
            rows = await session.scalars(
                select(SequenceVersionRow).where(
                    tuple_(SequenceVersionRow.sequence_id, SequenceVersionRow.version).in_(missing)
                )
            )
            self._known.update({(row.sequence_id, row.version): row.sequence for row in rows})
        found = {version: self._known[version] for version in set(wanted)}
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return found


def definition(sequence: Sequence) -> dict[str, Any]:
    """Return `sequence` as it is stored."""
    return _DEFINITION.dump_python(sequence, mode="json")


async def load(
    session: Session, sequence_id: UUID, *, lock: Literal["share", "update"] | None = None
) -> SequenceRow:
    """Return a sequence that is not deleted, nor will be while `lock` is held.

    Raises:
        SequenceNotFoundError: this workspace has none with that id.
    """
    how = {"read": lock == "share"} if lock else None
    row = await session.get(SequenceRow, sequence_id, with_for_update=how)
    if row is None or row.deleted_at is not None:
        raise SequenceNotFoundError(f"no sequence {sequence_id}")
    return row


async def load_version(session: Session, sequence_id: UUID, version: int) -> SequenceVersionRow:
    """Return one version of a sequence.

    Raises:
        SequenceNotFoundError: there is no such sequence, or it has no such version.
    """
    row = await session.get(SequenceVersionRow, (sequence_id, version))
    if row is None:
        raise SequenceNotFoundError(f"no version {version} of sequence {sequence_id}")
    return row


async def is_name_taken(session: Session, name: str, except_id: UUID | None = None) -> bool:
    """Return whether another sequence of the workspace has this name, in upper or lower case."""
    query = select(SequenceRow.sequence_id).where(
        func.lower(SequenceRow.name) == func.lower(name), SequenceRow.deleted_at.is_(None)
    )
    if except_id is not None:
        query = query.where(SequenceRow.sequence_id != except_id)
    return await session.scalar(query.limit(1)) is not None


async def lock_names(session: Session, workspace_id: str) -> None:
    """Let one transaction at a time name a sequence of the workspace."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"sequence-names/{workspace_id}"},
    )


async def page(session: Session, after: UUID | None, limit: int) -> list[SequenceRow]:
    """Return up to `limit` sequences of the workspace, newest first."""
    query = select(SequenceRow).where(SequenceRow.deleted_at.is_(None))
    if after is not None:
        query = query.where(SequenceRow.sequence_id < after)
    return list(await session.scalars(query.order_by(SequenceRow.sequence_id.desc()).limit(limit)))


async def page_of_versions(
    session: Session, sequence_id: UUID, before: int | None, limit: int
) -> list[SequenceVersionRow]:
    """Return up to `limit` versions of a sequence, newest first."""
    query = select(SequenceVersionRow).where(SequenceVersionRow.sequence_id == sequence_id)
    if before is not None:
        query = query.where(SequenceVersionRow.version < before)
    return list(
        await session.scalars(query.order_by(SequenceVersionRow.version.desc()).limit(limit))
    )


async def triggered_by(
    session: Session, event: str, workspace_ids: Collection[str]
) -> list[SavedSequence]:
    """Return the sequences of these workspaces that `event` may start, with a shared lock."""
    rows = await session.scalars(
        select(SequenceRow)
        .where(
            any_of(SequenceRow.workspace_id, workspace_ids),
            SequenceRow.trigger_event == event,
            SequenceRow.deleted_at.is_(None),
        )
        .order_by(SequenceRow.sequence_id)
        .with_for_update(read=True)
    )
    return [row.saved for row in rows]
