"""Sequences and their versions."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter
from service_kit.names import name_key
from service_kit.store import Session, any_of
from sqlalchemy import select, text

from followup_svc.adapters.tables import InstanceRow, SequenceRow, SequenceVersionRow
from followup_svc.domain.instance import LIVE
from followup_svc.domain.sequence import (
    Definition,
    Sequence,
    SequenceNotFoundError,
    SequenceVersion,
)

ROWS_AT_ONCE = 10
_DEFINITION = TypeAdapter(Definition)


async def get(session: Session, sequence_id: UUID) -> Sequence:
    """Return a sequence that is not deleted.

    Raises:
        SequenceNotFoundError: this workspace has none with that id.
    """
    return _sequence(await _row(session, sequence_id))


async def lock(session: Session, sequence_id: UUID) -> Sequence:
    """Return a sequence, locked: it is changed, or deleted, by this transaction alone.

    Raises:
        SequenceNotFoundError: this workspace has none with that id.
    """
    return _sequence(await _row(session, sequence_id, {"read": False}))


async def lock_shared(session: Session, sequence_id: UUID) -> Sequence:
    """Return a sequence that is not deleted, nor will be before this transaction ends.

    Raises:
        SequenceNotFoundError: this workspace has none with that id.
    """
    return _sequence(await _row(session, sequence_id, {"read": True}))


async def names_by_persona(
    session: Session, field: Literal["ai_persona_id", "trigger"], persona_id: UUID
) -> list[str]:
    """Return the names of the workspace's sequences that name a persona there, in order."""
    named = SequenceRow.definition[field]
    if field == "trigger":
        named = named["persona_id"]
    query = select(SequenceRow.name).where(
        SequenceRow.deleted_at.is_(None), named.astext == str(persona_id)
    )
    return list(await session.scalars(query.order_by(SequenceRow.name)))


async def lock_triggered_by(
    session: Session, event: str, workspace_ids: Collection[str]
) -> Mapping[str, Collection[Sequence]]:
    """Return the sequences that `event` may start, by workspace, with a shared lock."""
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
    found = defaultdict[str, list[Sequence]](list)
    for row in rows:
        found[row.workspace_id].append(_sequence(row))
    return found


async def add(session: Session, sequence: Sequence, *, changed_by: str) -> None:
    """Insert a sequence with its first version."""
    session.add(SequenceRow(**_values(sequence)))
    await session.flush()
    await _add_version(session, sequence, changed_by)


async def save(session: Session, sequence: Sequence, *, changed_by: str) -> None:
    """Store a locked sequence as it is now; a new version is kept."""
    row = await session.get_one(SequenceRow, sequence.sequence_id)
    is_new_version = row.version != sequence.version
    for column, value in _values(sequence).items():
        setattr(row, column, value)
    await session.flush()
    if is_new_version:
        await _add_version(session, sequence, changed_by)


async def is_name_taken(
    session: Session, workspace_id: str, name: str, *, except_id: UUID | None = None
) -> bool:
    """Return whether another sequence of the workspace has a name that looks the same."""
    query = select(SequenceRow.name).where(
        SequenceRow.workspace_id == workspace_id, SequenceRow.deleted_at.is_(None)
    )
    if except_id is not None:
        query = query.where(SequenceRow.sequence_id != except_id)
    return name_key(name) in map(name_key, await session.scalars(query))


async def lock_names(session: Session, workspace_id: str) -> None:
    """Let one transaction at a time name a sequence of the workspace."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"sequence-names/{workspace_id}"},
    )


async def page(session: Session, after: UUID | None, limit: int) -> list[Sequence]:
    """Return up to `limit` sequences of the workspace, newest first."""
    query = select(SequenceRow).where(SequenceRow.deleted_at.is_(None))
    if after is not None:
        query = query.where(SequenceRow.sequence_id < after)
    rows = await session.scalars(query.order_by(SequenceRow.sequence_id.desc()).limit(limit))
    return [_sequence(row) for row in rows]


async def get_version(session: Session, sequence_id: UUID, version: int) -> SequenceVersion:
    """Return one version of a sequence, which may be deleted.

    Raises:
        SequenceNotFoundError: there is no such sequence, or it has no such version.
    """
    row = await session.get(SequenceVersionRow, (sequence_id, version))
    if row is None:
        raise SequenceNotFoundError(f"no version {version} of sequence {sequence_id}")
    return version_of(row)


async def page_of_versions(
    session: Session, sequence_id: UUID, before: int | None, limit: int
) -> list[SequenceVersion]:
    """Return up to `limit` versions of a sequence, newest first."""
    query = select(SequenceVersionRow).where(SequenceVersionRow.sequence_id == sequence_id)
    if before is not None:
        query = query.where(SequenceVersionRow.version < before)
    rows = await session.scalars(query.order_by(SequenceVersionRow.version.desc()).limit(limit))
    return [version_of(row) for row in rows]


async def versions_in_use(session: Session) -> AsyncIterator[SequenceVersion]:
    """Yield each sequence's newest version, and those with live instances: a few are in memory."""
    newest = select(SequenceRow.sequence_id).where(
        SequenceRow.sequence_id == SequenceVersionRow.sequence_id,
        SequenceRow.version == SequenceVersionRow.version,
        SequenceRow.deleted_at.is_(None),
    )
    followed = select(InstanceRow.instance_id).where(
        InstanceRow.sequence_id == SequenceVersionRow.sequence_id,
        InstanceRow.sequence_version == SequenceVersionRow.version,
        InstanceRow.state.in_(LIVE),
    )
    query = select(SequenceVersionRow).where(newest.exists() | followed.exists())
    query = query.order_by(SequenceVersionRow.sequence_id, SequenceVersionRow.version)
    rows = await session.stream_scalars(query.execution_options(yield_per=ROWS_AT_ONCE))
    async for row in rows:
        yield version_of(row)


def version_of(row: SequenceVersionRow) -> SequenceVersion:
    """Return the version of a row."""
    return SequenceVersion(
        sequence_id=row.sequence_id,
        version=row.version,
        definition=_DEFINITION.validate_python(row.definition),
        changed_by=row.changed_by,
        created_at=row.created_at,
    )


async def _row(
    session: Session, sequence_id: UUID, for_update: dict[str, bool] | None = None
) -> SequenceRow:
    row = await session.get(
        SequenceRow, sequence_id, with_for_update=for_update, populate_existing=True
    )
    if row is None or row.deleted_at is not None:
        raise SequenceNotFoundError(f"no sequence {sequence_id}")
    return row


async def _add_version(session: Session, sequence: Sequence, changed_by: str) -> None:
    session.add(
        SequenceVersionRow(
            sequence_id=sequence.sequence_id,
            version=sequence.version,
            workspace_id=sequence.workspace_id,
            definition=_DEFINITION.dump_python(sequence.definition, mode="json"),
            changed_by=changed_by,
            created_at=sequence.updated_at,
        )
    )
    await session.flush()


def _sequence(row: SequenceRow) -> Sequence:
    return Sequence(
        workspace_id=row.workspace_id,
        sequence_id=row.sequence_id,
        version=row.version,
        definition=_DEFINITION.validate_python(row.definition),
        trigger_saved_at=row.trigger_saved_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
    )


def _values(sequence: Sequence) -> dict[str, Any]:
    trigger = sequence.definition.trigger
    return {
        "sequence_id": sequence.sequence_id,
        "workspace_id": sequence.workspace_id,
        "name": sequence.definition.name,
        "version": sequence.version,
        "definition": _DEFINITION.dump_python(sequence.definition, mode="json"),
        "trigger_event": trigger.event if trigger else None,
        "trigger_saved_at": sequence.trigger_saved_at,
        "created_at": sequence.created_at,
        "updated_at": sequence.updated_at,
        "deleted_at": sequence.deleted_at,
    }
