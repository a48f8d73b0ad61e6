"""What personas know: counted, versioned, and looked up by hit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from service_kit.store import Session
from sqlalchemy import ARRAY, Integer, Uuid, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert

from ingest_svc.adapters.tables import ContentRow, DocumentRow, KnowledgeRow
from ingest_svc.domain.content import VectorState
from ingest_svc.domain.document import FileStatus
from ingest_svc.domain.passage import Found, Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What some personas know together."""

    files: int
    ready: int
    processing: int
    failed: int
    chunks: int
    pages: int
    vectors_pending: int
    """Chunks that words find and meaning does not yet."""
    revision: int
    """Rises whenever something becomes knowledge or is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searchable:
    """What a search of some personas' knowledge can make use of."""

    languages: list[str]
    """Of the passages; none: there are no passages."""
    has_all_vectors: bool
    """Whether every passage has its vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeCounts:
    """What one persona has in files, and in passages that are found."""

    persona_id: UUID
    files: int
    ready: int
    processing: int
    failed: int
    chunks: int


_COUNT = text(
    """
    with file as (
      select persona_id, status, content_id from document
      where persona_id = any(:persona_ids) and deleted_at is null
    ), found as (
      select shown.persona_id, sum(content.chunk_count) as chunks
      from (select distinct persona_id, content_id from file) shown
      join content using (content_id)
      group by shown.persona_id
    )
    select asked.persona_id, count(file.status) as files,
      count(*) filter (where file.status = 'ready') as ready,
      count(*) filter (where file.status = 'processing') as processing,
      count(*) filter (where file.status = 'failed') as failed,
      coalesce(max(found.chunks), 0)::bigint as chunks
    from (select distinct unnest(cast(:persona_ids as uuid[])) as persona_id) asked
    left join file using (persona_id) left join found using (persona_id)
    group by asked.persona_id
    """
).bindparams(bindparam("persona_ids", type_=ARRAY(Uuid())))
_LOAD = text(
    """
    select chunk.content_id, chunk.number, chunk.text, page_start, page_end, section,
      file.file_id, file.file_name
    from unnest(:content_ids, :numbers) as hit(content_id, number)
    join chunk on chunk.content_id = hit.content_id and chunk.number = hit.number
    cross join lateral (
      select file_id, file_name from document
      where document.content_id = hit.content_id and deleted_at is null
      order by document_id limit 1) file
    """
).bindparams(
    bindparam("content_ids", type_=ARRAY(Uuid())), bindparam("numbers", type_=ARRAY(Integer))
)


async def changed(session: Session, workspace_id: str, persona_id: UUID) -> None:
    """Count a change to what a persona knows."""
    statement = insert(KnowledgeRow).values(
        workspace_id=workspace_id, persona_id=persona_id, revision=1
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["workspace_id", "persona_id"],
            set_={"revision": KnowledgeRow.revision + 1},
        )
    )


async def revision(session: Session, persona_ids: Sequence[UUID]) -> int:
    """Return a number that rises with every change to what these personas know."""
    query = select(func.coalesce(func.sum(KnowledgeRow.revision), 0))
    found = await session.scalar(query.where(KnowledgeRow.persona_id.in_(persona_ids)))
    return int(found or 0)


async def searchable(session: Session, persona_ids: Sequence[UUID]) -> Searchable:
    """Return what there is to search in what these personas know."""
    query = (
        select(ContentRow.language, func.bool_and(ContentRow.vectors == VectorState.COMPLETE))
        .where(
            ContentRow.persona_id.in_(persona_ids),
            ContentRow.retired.is_(False),
            ContentRow.collection.is_not(None),
        )
        .group_by(ContentRow.language)
        .order_by(ContentRow.language)
    )
    found = [row.tuple() for row in await session.execute(query)]
    return Searchable(
        languages=[language for language, _ in found if language is not None],
        has_all_vectors=all(has_all for _, has_all in found),
    )


async def hidden(session: Session, persona_ids: Sequence[UUID]) -> set[UUID]:
    """Return the contents of these personas that no live document shows (any more, or yet)."""
    shown = select(DocumentRow.document_id).where(
        DocumentRow.content_id == ContentRow.content_id, DocumentRow.deleted_at.is_(None)
    )
    query = select(ContentRow.content_id).where(ContentRow.persona_id.in_(persona_ids))
    return set(await session.scalars(query.where(~shown.exists())))


async def overview(session: Session, persona_ids: Sequence[UUID]) -> Overview:
    """Return what these personas know together."""
    live = (DocumentRow.persona_id.in_(persona_ids), DocumentRow.deleted_at.is_(None))
    counted = await session.execute(
        select(DocumentRow.status, func.count()).where(*live).group_by(DocumentRow.status)
    )
    by_status: dict[str, int] = dict(row.tuple() for row in counted)
    contents = select(DocumentRow.content_id).where(*live, DocumentRow.content_id.is_not(None))
    pending = ContentRow.chunk_count - ContentRow.embedded_chunks
    sums = select(
        func.coalesce(func.sum(ContentRow.chunk_count), 0),
        func.coalesce(func.sum(ContentRow.pages), 0),
        func.coalesce(func.sum(pending).filter(ContentRow.vectors != VectorState.OFF), 0),
    ).where(ContentRow.content_id.in_(contents))
    chunks, pages, waiting = (int(value or 0) for value in (await session.execute(sums)).one())
    return Overview(
        files=sum(by_status.values()),
        ready=by_status.get(FileStatus.READY, 0),
        processing=by_status.get(FileStatus.PROCESSING, 0),
        failed=by_status.get(FileStatus.FAILED, 0),
        chunks=chunks,
        pages=pages,
        vectors_pending=waiting,
        revision=await revision(session, persona_ids),
    )


async def count_by_persona(
    session: Session, persona_ids: Collection[UUID]
) -> dict[UUID, KnowledgeCounts]:
    """Return what each of these personas has in files, and in passages that are found."""
    rows = await session.execute(_COUNT, {"persona_ids": list(persona_ids)})
    return {row["persona_id"]: KnowledgeCounts(**row) for row in rows.mappings()}


async def load(session: Session, hits: Sequence[Hit]) -> list[Found]:
    """Return, in order, those of `hits` that a live document of the session's workspace has."""
    rows = await session.execute(
        _LOAD,
        {
            "content_ids": [hit.content_id for hit in hits],
            "numbers": [hit.number for hit in hits],
        },
    )
    known = {(row["content_id"], row["number"]): row for row in rows.mappings()}
    found: list[Found] = []
    for hit in hits:
        row = known.get((hit.content_id, hit.number))
        if row is not None:
            values = {key: row[key] for key in _SHOWN}
            found.append(Found(hit=hit, **values))
    return found


_SHOWN = ("text", "page_start", "page_end", "section", "file_id", "file_name")
