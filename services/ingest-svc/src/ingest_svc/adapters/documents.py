"""The documents of personas: rows become aggregates here and never leave."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from persona_contracts import MAX_USE_NAMES
from service_kit.ids import new_id
from service_kit.leases import Claim, Leases, heartbeat_at
from service_kit.notices import Waiting, waiting
from service_kit.store import Session
from sqlalchemy import String, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from ingest_svc.adapters import contents
from ingest_svc.adapters.tables import DocumentRow
from ingest_svc.domain.content import Content
from ingest_svc.domain.document import (
    UNKNOWN_PERSONA,
    Document,
    FileStatus,
    Step,
    UnknownFileError,
)
from ingest_svc.domain.failure import FailureCode

DocumentClaim = Claim[Document]
_COLUMNS = [each.name for each in fields(Document)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A document with what is known of its content, to be shown."""

    document: Document
    content: Content | None
    duplicate_of: str | None
    """The file_id of an earlier document with the same content."""
    heartbeat_at: datetime | None
    """The last sign of life of the work on it."""


async def get(session: Session, document_id: UUID) -> Document:
    """Return a document that is there."""
    return _document(await session.get_one(DocumentRow, document_id))


async def lock_or_add(session: Session, workspace_id: str, file_id: str) -> tuple[Document, bool]:
    """Return the document of a file, locked, and whether it was made now: as a placeholder."""
    made = await session.scalar(
        insert(DocumentRow)
        .values(
            document_id=new_id(),
            workspace_id=workspace_id,
            file_id=file_id,
            persona_id=UNKNOWN_PERSONA,
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
    return _document(row), made is not None


async def find(session: Session, workspace_id: str, persona_id: UUID, file_id: str) -> Document:
    """Return a file of a persona.

    Raises:
        UnknownFileError: the persona has none with that id.
    """
    return await _find(session, _file(workspace_id, persona_id, file_id))


async def lock(session: Session, workspace_id: str, persona_id: UUID, file_id: str) -> Document:
    """Return a file of a persona, locked until the transaction ends.

    Raises:
        UnknownFileError: the persona has none with that id.
    """
    return await _find(session, _file(workspace_id, persona_id, file_id).with_for_update())


async def save(session: Session, document: Document) -> None:
    """Store what has changed of a document."""
    row = await session.get_one(DocumentRow, document.document_id)
    if row.step != document.step:
        row.step_at = func.now()  # pyright: ignore[reportAttributeAccessIssue] — the database's clock
    for name in _COLUMNS:
        setattr(row, name, getattr(document, name))
    await session.flush()


async def save_for_work(session: Session, document: Document) -> None:
    """Store a document and let a worker begin; whoever works on it loses the lease."""
    await save(session, document)
    row = await session.get_one(DocumentRow, document.document_id)
    row.step_at = row.due_at = func.now()  # pyright: ignore[reportAttributeAccessIssue] — the database's clock
    row.lease_token, row.attempts, row.deaths = None, 0, 0
    await session.flush()
    await LEASES.wake_workers(session)


async def save_without_work(session: Session, document: Document) -> None:
    """Store a new document that there is nothing to do for."""
    await save(session, document)
    (await session.get_one(DocumentRow, document.document_id)).due_at = None
    await session.flush()


async def view(session: Session, document: Document) -> FileView:
    """Return a document as it is shown."""
    row = await session.get_one(DocumentRow, document.document_id)
    await session.refresh(row)
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


async def failed(session: Session) -> list[Waiting]:
    """Return how many files of the workspace have failed, by the code of their error."""
    error = DocumentRow.error.op("->>", return_type=String())
    return await waiting(
        session,
        DocumentRow.status == FileStatus.FAILED,
        DocumentRow.deleted_at.is_(None),
        since=DocumentRow.finished_at.expression,
        reason=error("code"),
        example=error("detail"),
    )


async def lock_without_persona(
    session: Session, workspace_id: str, persona_id: UUID
) -> list[Document]:
    """Return the documents that failed because their persona was unknown, locked."""
    query = (
        _of_persona(persona_id)
        .where(
            DocumentRow.workspace_id == workspace_id,
            DocumentRow.error["code"].astext == FailureCode.PERSONA_UNKNOWN,
        )
        .order_by(DocumentRow.document_id)
        .with_for_update()
    )
    return [_document(row) for row in await session.scalars(query)]


async def uses(session: Session, persona_id: UUID) -> tuple[int, Sequence[str]]:
    """Return how many files a persona has, and the names of the first ones."""
    live = (DocumentRow.persona_id == persona_id, DocumentRow.deleted_at.is_(None))
    count = select(func.count()).where(*live)
    names = select(DocumentRow.file_name).where(*live)
    first = names.order_by(DocumentRow.document_id).limit(MAX_USE_NAMES)
    return await session.scalar(count) or 0, (await session.scalars(first)).all()


async def keys_in_use(session: Session) -> set[str]:
    """Return the storage key of every original that a document has or still has to delete."""
    found = await session.execute(select(DocumentRow.original_key, DocumentRow.stale_keys))
    return {key for own, stale in found for key in (own, *stale) if key is not None}


def _of_persona(persona_id: UUID) -> Any:  # noqa: ANN401 — a Select of DocumentRow
    return select(DocumentRow).where(
        DocumentRow.persona_id == persona_id, DocumentRow.deleted_at.is_(None)
    )


def _file(workspace_id: str, persona_id: UUID, file_id: str) -> Any:  # noqa: ANN401 — a Select
    return _of_persona(persona_id).where(
        DocumentRow.workspace_id == workspace_id, DocumentRow.file_id == file_id
    )


async def _find(session: Session, query: Any) -> Document:  # noqa: ANN401 — a Select of DocumentRow
    row = await session.scalar(query)
    if row is None:
        raise UnknownFileError("the persona has no file with that id")
    return _document(row)


async def _views(session: Session, rows: Sequence[DocumentRow]) -> list[FileView]:
    ids = {row.content_id for row in rows if row.content_id is not None}
    found = await contents.find_all(session, ids) if ids else {}
    other = aliased(DocumentRow)
    firsts = await session.execute(
        select(other.content_id, other.file_id, other.document_id)
        .where(other.content_id.in_(ids), other.deleted_at.is_(None))
        .order_by(other.content_id, other.document_id)
        .distinct(other.content_id)
    )
    first = {content_id: file_id for content_id, file_id, _ in firsts}
    return [_view(session, row, found, first) for row in rows]


def _view(
    session: Session,
    row: DocumentRow,
    found: dict[UUID, Content],
    first: dict[UUID | None, str],
) -> FileView:
    original = None if row.content_id is None else first.get(row.content_id)
    beat = heartbeat_at(session, row)
    return FileView(
        document=_document(row),
        content=found.get(row.content_id) if row.content_id else None,
        duplicate_of=None if original == row.file_id else original,
        heartbeat_at=max(filter(None, (beat, row.step_at)))
        if row.status == FileStatus.PROCESSING
        else None,
    )


def _document(row: DocumentRow) -> Document:
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    values["status"], values["step"] = FileStatus(row.status), Step(row.step)
    return Document(**values)


LEASES = Leases(DocumentRow, _document)
