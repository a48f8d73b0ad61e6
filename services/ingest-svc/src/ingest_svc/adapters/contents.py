"""Contents and their chunks: rows become aggregates here and never leave."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from service_kit.ids import new_id
from service_kit.leases import Claim, Leases
from service_kit.store import Session
from sqlalchemy import ARRAY, Integer, Text, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from ingest_svc.adapters.tables import ChunkRow, ContentRow, DocumentRow
from ingest_svc.domain.content import Content, ContentGoneError, VectorState
from ingest_svc.domain.document import Document
from ingest_svc.domain.passage import Chunk

ContentClaim = Claim[Content]
_COLUMNS = [each.name for each in fields(Content)]
_ADD_CHUNKS = text(
    """
    insert into chunk (content_id, workspace_id, number, text, page_start, page_end, section)
    select :content_id, :workspace_id, number, text, page_start, page_end, section
    from unnest(:numbers, :texts, :page_starts, :page_ends, :sections)
      as new(number, text, page_start, page_end, section)
    on conflict (content_id, number) do nothing
    """
).bindparams(
    *(bindparam(name, type_=ARRAY(Integer)) for name in ("numbers", "page_starts", "page_ends")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("texts", "sections")),
)


async def lock_or_add(session: Session, document: Document, sha256: str) -> Content:
    """Return the content of these bytes of a document's persona, locked: new, or shared."""
    key = {
        "workspace_id": document.workspace_id,
        "persona_id": document.persona_id,
        "sha256": sha256,
        "suffix": document.file_name.rpartition(".")[2].lower(),
    }
    await session.execute(
        insert(ContentRow)
        .values(content_id=new_id(), **key)
        .on_conflict_do_nothing(index_elements=list(key), index_where=text("not retired"))
    )
    query = select(ContentRow).where(ContentRow.retired.is_(False)).filter_by(**key)
    return _content((await session.scalars(query.with_for_update())).one())


async def find_all(session: Session, content_ids: Collection[UUID]) -> dict[UUID, Content]:
    """Return those of some contents that are there, by id."""
    rows = await session.scalars(select(ContentRow).where(ContentRow.content_id.in_(content_ids)))
    return {row.content_id: _content(row) for row in rows}


async def find_locked(session: Session, content_id: UUID) -> Content | None:
    """Return a content, locked until the transaction ends; None if it is gone."""
    query = select(ContentRow).where(ContentRow.content_id == content_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    return None if row is None else _content(row)


async def lock(session: Session, content_id: UUID) -> Content:
    """Lock a content until the transaction ends: nobody retires it meanwhile.

    Raises:
        ContentGoneError: it is retired or gone.
    """
    content = await find_locked(session, content_id)
    if content is None or content.retired:
        raise ContentGoneError("no document has it any more")
    return content


async def save(session: Session, content: Content) -> None:
    """Store what has changed of a content."""
    row = await session.get_one(ContentRow, content.content_id)
    for name in _COLUMNS:
        setattr(row, name, getattr(content, name))
    await session.flush()


async def save_progress(session: Session, content: Content) -> None:
    """Store a content whose work goes on: what failed before counts no more."""
    (await session.get_one(ContentRow, content.content_id)).attempts = 0
    await save(session, content)


async def save_for_work(session: Session, content: Content) -> None:
    """Store a content and let a worker begin."""
    row = await session.get_one(ContentRow, content.content_id)
    row.due_at = func.now()  # pyright: ignore[reportAttributeAccessIssue] — the database's clock
    row.lease_token, row.attempts, row.deaths = None, 0, 0
    await save(session, content)
    await LEASES.wake_workers(session)


async def is_used(session: Session, content_id: UUID) -> bool:
    """Return whether a live document shows a content, or will."""
    has_it = (DocumentRow.content_id == content_id) | (DocumentRow.next_content_id == content_id)
    live = select(DocumentRow.document_id).where(has_it, DocumentRow.deleted_at.is_(None))
    return await session.scalar(live.limit(1)) is not None


async def add_chunks(session: Session, content: Content, chunks: Sequence[Chunk]) -> None:
    """Store chunks; those that are there already stay."""
    await session.execute(
        _ADD_CHUNKS,
        {
            "content_id": content.content_id,
            "workspace_id": content.workspace_id,
            "numbers": [chunk.number for chunk in chunks],
            "texts": [chunk.text for chunk in chunks],
            "page_starts": [chunk.page_start for chunk in chunks],
            "page_ends": [chunk.page_end for chunk in chunks],
            "sections": [chunk.section for chunk in chunks],
        },
    )


async def texts(session: Session, content_id: UUID, first: int, count: int) -> list[str]:
    """Return the texts of up to `count` chunks from number `first` on."""
    query = (
        select(ChunkRow.text)
        .where(ChunkRow.content_id == content_id, ChunkRow.number >= first)
        .order_by(ChunkRow.number)
        .limit(count)
    )
    return list(await session.scalars(query))


async def chunks(session: Session, content_id: UUID, after: int | None, limit: int) -> list[Chunk]:
    """Return up to `limit` chunks in order, those behind number `after` or from the first."""
    query = (
        select(ChunkRow)
        .where(ChunkRow.content_id == content_id)
        .order_by(ChunkRow.number)
        .limit(limit)
    )
    if after is not None:
        query = query.where(ChunkRow.number > after)
    return [_chunk(row) for row in await session.scalars(query)]


async def purge(session: Session, content_id: UUID) -> None:
    """Delete a retired content, whose points are gone from the index, and its chunks."""
    for column in (DocumentRow.content_id, DocumentRow.next_content_id):
        await session.execute(
            update(DocumentRow)
            .where(column == content_id)
            .values({column: None})
            .execution_options(synchronize_session=False)
        )
    await session.execute(delete(ChunkRow).where(ChunkRow.content_id == content_id))
    await session.execute(
        delete(ContentRow).where(ContentRow.content_id == content_id, ContentRow.retired)
    )


def _content(row: ContentRow) -> Content:
    values: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    values["vectors"] = VectorState(row.vectors)
    return Content(**values)


def _chunk(row: ChunkRow) -> Chunk:
    return Chunk(
        number=row.number,
        text=row.text,
        page_start=row.page_start,
        page_end=row.page_end,
        section=row.section,
    )


LEASES = Leases(ContentRow, _content)
