"""What documents say: content, its chunks, and when both go."""

from collections.abc import Sequence
from uuid import UUID

from service_kit.errors import UpstreamError
from service_kit.ids import new_id
from service_kit.store import Session
from sqlalchemy import ARRAY, Integer, Text, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from ingest_svc.adapters.passage_index import Owner
from ingest_svc.adapters.tables import CONTENT_LEASES, ChunkRow, ContentRow, DocumentRow
from ingest_svc.domain.document import VectorState
from ingest_svc.domain.passage import Chunk, Extract


class ContentGoneError(UpstreamError):
    """The content was removed meanwhile."""

    slug = "content-gone"


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


def owner_of(row: ContentRow) -> Owner:
    """Return whose content it is."""
    return Owner(
        workspace_id=row.workspace_id, persona_id=row.persona_id, content_id=row.content_id
    )


async def of_document(session: Session, row: DocumentRow, sha256: str) -> ContentRow:
    """Return the content of these bytes of this persona, new or shared, as what comes next.

    The document must be locked. What it had prepared before is given up.
    """
    key = {
        "workspace_id": row.workspace_id,
        "persona_id": row.persona_id,
        "sha256": sha256,
        "suffix": row.file_name.rpartition(".")[2].lower(),
    }
    await session.execute(
        insert(ContentRow)
        .values(content_id=new_id(), **key)
        .on_conflict_do_nothing(index_elements=list(key), index_where=text("not retired"))
    )
    query = select(ContentRow).where(ContentRow.retired.is_(False)).filter_by(**key)
    content = (await session.scalars(query.with_for_update())).one()
    before, row.next_content_id = row.next_content_id, content.content_id
    await session.flush()
    if before is not None and before != content.content_id:
        await retire(session, before)
    return content


async def hold(session: Session, content_id: UUID) -> ContentRow:
    """Lock a content until the transaction ends: nobody retires it meanwhile.

    Raises:
        ContentGoneError: it is retired or gone.
    """
    query = select(ContentRow).where(ContentRow.content_id == content_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None or row.retired:
        raise ContentGoneError("no document has it any more")
    return row


async def add_chunks(session: Session, row: ContentRow, chunks: Sequence[Chunk]) -> None:
    """Store chunks; those that are there already stay."""
    await session.execute(
        _ADD_CHUNKS,
        {
            "content_id": row.content_id,
            "workspace_id": row.workspace_id,
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


async def chunks(session: Session, content_id: UUID, after: int, limit: int) -> list[ChunkRow]:
    """Return up to `limit` chunks whose number is higher than `after`, in order."""
    query = (
        select(ChunkRow)
        .where(ChunkRow.content_id == content_id, ChunkRow.number > after)
        .order_by(ChunkRow.number)
        .limit(limit)
    )
    return list(await session.scalars(query))


async def mark_indexed(
    session: Session, content_id: UUID, collection: str, found: Extract, *, embed: bool
) -> None:
    """Say that the words of a content are in `collection`; queue its embedding."""
    row = await hold(session, content_id)
    if row.collection is not None:
        return
    row.kind, row.pages, row.language = found.kind, found.pages, found.language
    row.chunk_count, row.collection = found.chunk_count, collection
    row.vectors = VectorState.PENDING if embed else VectorState.OFF
    if embed:
        await queue(session, row)


async def queue(session: Session, row: ContentRow) -> None:
    """Let a worker tend the content now."""
    row.due_at = func.now()  # pyright: ignore[reportAttributeAccessIssue] — the database's clock
    row.lease_token, row.attempts, row.deaths = None, 0, 0
    await session.flush()
    await CONTENT_LEASES.wake_workers(session)


async def retire(session: Session, content_id: UUID) -> bool:
    """Queue a content to be purged if no live document has it; say whether that is so."""
    query = select(ContentRow).where(ContentRow.content_id == content_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None or row.retired:
        return True
    has_it = (DocumentRow.content_id == content_id) | (DocumentRow.next_content_id == content_id)
    live = select(DocumentRow.document_id).where(has_it, DocumentRow.deleted_at.is_(None))
    if await session.scalar(live.limit(1)) is not None:
        return False
    row.retired = True
    await queue(session, row)
    return True


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


async def embed_again(session: Session, content_id: UUID) -> None:
    """Queue the embedding of a content once more, from the batch that failed."""
    row = await hold(session, content_id)
    row.vectors, row.vectors_error = VectorState.PENDING, None
    await queue(session, row)
