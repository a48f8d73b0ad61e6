"""The files of personas: announced, listed, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from persona_contracts import MAX_USE_NAMES
from service_kit.ids import new_id
from service_kit.leases import heartbeat_at
from service_kit.store import Session
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from ingest_svc.adapters import contents
from ingest_svc.adapters.tables import DOCUMENT_LEASES, ContentRow, DocumentRow
from ingest_svc.domain.document import FileStatus, Step, UnknownFileError
from ingest_svc.domain.failure import FailureCode

NOBODY = UUID(int=0)
"""The persona of a file that was deleted before it was announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A file, or a later version of it, that is to be ingested."""

    workspace_id: str
    file_id: str
    persona_id: UUID
    file_name: str
    uploaded_at: datetime
    tags: Sequence[str] = ()
    url: str | None = None
    sha256: str | None = None
    original_key: str | None = None
    size_bytes: int | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class FileView:
    """A document with what is known of its content."""

    row: DocumentRow
    heartbeat_at: datetime | None
    content: ContentRow | None = None
    duplicate_of: str | None = None
    """The file_id of an earlier document with the same content."""


async def announce(session: Session, announced: Announced) -> DocumentRow | None:
    """Queue a new file or a new version; None if this or a later one, or its end, is known.

    What an earlier version taught is searched until the new one is indexed.
    """
    row, is_new = await _locked(session, announced.workspace_id, announced.file_id)
    known = [time for time in (row.deleted_at, row.uploaded_at) if time is not None]
    if not is_new and announced.uploaded_at <= max(known):
        return None
    if row.deleted_at is not None:
        await _let_go(session, row)
    if row.original_key is not None:
        row.stale_keys = [*row.stale_keys, row.original_key]
    row.persona_id, row.file_name = announced.persona_id, announced.file_name
    row.tags, row.url = list(announced.tags), announced.url
    row.announced_sha256 = announced.sha256.lower() if announced.sha256 else None
    row.uploaded_at, row.deleted_at = announced.uploaded_at, None
    row.original_key, row.size_bytes = announced.original_key, announced.size_bytes
    row.sha256 = announced.sha256 if announced.original_key else None
    row.traceparent = announced.traceparent
    await start(session, row)
    return row


async def start(session: Session, row: DocumentRow) -> None:
    """Queue the document from the beginning; whoever works on it loses the lease."""
    row.status, row.step, row.error = FileStatus.PROCESSING, Step.WAITING, None
    row.started_at = row.finished_at = None
    await _queue(session, row)


async def restart_without_persona(session: Session, workspace_id: str, persona_id: UUID) -> None:
    """Queue the documents that failed because their persona was unknown."""
    rows = await session.scalars(
        select(DocumentRow)
        .where(
            DocumentRow.workspace_id == workspace_id,
            DocumentRow.persona_id == persona_id,
            DocumentRow.deleted_at.is_(None),
            DocumentRow.error["code"].astext == FailureCode.PERSONA_UNKNOWN,
        )
        .order_by(DocumentRow.document_id)
        .with_for_update()
    )
    for row in rows:
        await start(session, row)


async def uses(session: Session, persona_id: UUID) -> tuple[int, Sequence[str]]:
    """Return how many files a persona has, and the names of the first ones."""
    count = select(func.count()).where(*_live(persona_id))
    names = select(DocumentRow.file_name).where(*_live(persona_id))
    first = names.order_by(DocumentRow.document_id).limit(MAX_USE_NAMES)
    return await session.scalar(count) or 0, (await session.scalars(first)).all()


async def forget(session: Session, row: DocumentRow, deleted_at: datetime) -> None:
    """Hide the document at once and queue its removal."""
    row.deleted_at, row.step = deleted_at, Step.REMOVING
    await _queue(session, row)


async def forget_announced(
    session: Session, workspace_id: str, file_id: str, deleted_at: datetime
) -> None:
    """Forget a file up to its version of `deleted_at`; an unknown one leaves a tombstone."""
    row, is_new = await _locked(session, workspace_id, file_id)
    if is_new:
        row.deleted_at, row.uploaded_at = deleted_at, deleted_at
        row.step, row.due_at = Step.DONE, None
    elif row.uploaded_at <= deleted_at and row.deleted_at is None:
        await forget(session, row, deleted_at)


async def _queue(session: Session, row: DocumentRow) -> None:
    row.step_at = row.due_at = func.now()  # pyright: ignore[reportAttributeAccessIssue] — the database's clock
    row.lease_token, row.attempts, row.deaths = None, 0, 0
    await session.flush()
    await DOCUMENT_LEASES.wake_workers(session)


async def _let_go(session: Session, row: DocumentRow) -> None:
    """Part a deleted document that comes back from what it taught before."""
    before = [item for item in (row.content_id, row.next_content_id) if item is not None]
    row.content_id = row.next_content_id = None
    await session.flush()
    for content_id in before:
        await contents.retire(session, content_id)


async def _locked(session: Session, workspace_id: str, file_id: str) -> tuple[DocumentRow, bool]:
    """Return the document's row, locked, and whether it was made now."""
    made = await session.scalar(
        insert(DocumentRow)
        .values(
            document_id=new_id(),
            workspace_id=workspace_id,
            file_id=file_id,
            persona_id=NOBODY,
            file_name="",
            uploaded_at=func.now(),
        )
        .on_conflict_do_nothing(index_elements=["workspace_id", "file_id"])
        .returning(DocumentRow.document_id)
    )
    query = select(DocumentRow).where(
        DocumentRow.workspace_id == workspace_id, DocumentRow.file_id == file_id
    )
    row = (await session.scalars(query.with_for_update())).one()
    return row, made is not None


async def load(
    session: Session, persona_id: UUID, file_id: str, *, for_update: bool = False
) -> DocumentRow:
    """Return a file of a persona.

    Raises:
        UnknownFileError: the persona has none with that id.
    """
    query = _of_persona(persona_id).where(DocumentRow.file_id == file_id)
    row = await session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise UnknownFileError(f"persona {persona_id} has no file {file_id}")
    return row


async def view(session: Session, row: DocumentRow) -> FileView:
    """Return a document with its content."""
    return (await _views(session, [row]))[0]


async def page(
    session: Session,
    persona_id: UUID,
    filters: dict[str, Any],
    after: UUID | None,
    limit: int,
) -> list[FileView]:
    """Return up to `limit` files, newest first; `filters` may have `status` and `tag`."""
    query = _of_persona(persona_id).order_by(DocumentRow.document_id.desc()).limit(limit)
    if "status" in filters:
        query = query.where(DocumentRow.status == filters["status"])
    if "tag" in filters:
        query = query.where(DocumentRow.tags.contains([filters["tag"]]))
    if after is not None:
        query = query.where(DocumentRow.document_id < after)
    return await _views(session, list(await session.scalars(query)))


async def keys_in_use(session: Session) -> set[str]:
    """Return the storage key of every original that a document has or still has to delete."""
    found = await session.execute(select(DocumentRow.original_key, DocumentRow.stale_keys))
    return {key for own, stale in found for key in (own, *stale) if key is not None}


async def note(session: Session, document_id: UUID, **values: object) -> None:
    """Store how far the work on a document has come."""
    await session.execute(
        update(DocumentRow)
        .where(DocumentRow.document_id == document_id)
        .values(step_at=func.now(), **values)
        .execution_options(synchronize_session=False)
    )


def _of_persona(persona_id: UUID) -> Any:  # noqa: ANN401 — a Select of DocumentRow
    return select(DocumentRow).where(*_live(persona_id))


def _live(persona_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return DocumentRow.persona_id == persona_id, DocumentRow.deleted_at.is_(None)


async def _views(session: Session, rows: Sequence[DocumentRow]) -> list[FileView]:
    ids = {row.content_id for row in rows if row.content_id is not None}
    if not ids:
        return [FileView(row, heartbeat_at(session, row)) for row in rows]
    found = await session.scalars(select(ContentRow).where(ContentRow.content_id.in_(ids)))
    contents = {content.content_id: content for content in found}
    other = aliased(DocumentRow)
    firsts = await session.execute(
        select(other.content_id, other.file_id, other.document_id)
        .where(other.content_id.in_(ids), other.deleted_at.is_(None))
        .order_by(other.content_id, other.document_id)
        .distinct(other.content_id)
    )
    first = {content_id: file_id for content_id, file_id, _ in firsts}
    return [
        FileView(
            row,
            heartbeat_at(session, row),
            contents.get(row.content_id) if row.content_id else None,
            None
            if row.content_id is None or first.get(row.content_id) == row.file_id
            else first.get(row.content_id),
        )
        for row in rows
    ]


async def tidy_later(session: Session, row: DocumentRow) -> None:
    """Queue the deletion of the originals of earlier versions."""
    await _queue(session, row)
