"""All rows of one persona or one workspace: to be erased."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from service_kit.store import Session, any_of
from sqlalchemy import ColumnElement, and_, delete, func, select, true, update

from ingest_svc.adapters.tables import ContentRow, DocumentRow, KnowledgeRow


@dataclass(frozen=True, slots=True)
class Belongings:
    """What one persona of a workspace has; without a persona, what all of them have."""

    workspace_id: str
    persona_id: UUID | None = None

    def of(self, table: type[DocumentRow | ContentRow | KnowledgeRow]) -> ColumnElement[bool]:
        """Say that a row of `table` belongs to them."""
        of_persona = true() if self.persona_id is None else table.persona_id == self.persona_id
        return and_(table.workspace_id == self.workspace_id, of_persona)


async def end_work(session: Session, belongings: Belongings) -> None:
    """Hide all documents and retire all contents; whoever works on one loses its lease."""
    for table, end in (
        (DocumentRow, {"deleted_at": func.coalesce(DocumentRow.deleted_at, func.now())}),
        (ContentRow, {"retired": True}),
    ):
        await session.execute(
            update(table)
            .where(belongings.of(table))
            .values(due_at=None, lease_token=None, **end)
            .execution_options(synchronize_session=False)
        )


async def content_ids(session: Session, belongings: Belongings) -> Sequence[UUID]:
    """Return the ids of all contents."""
    return (
        await session.scalars(select(ContentRow.content_id).where(belongings.of(ContentRow)))
    ).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedDocument:
    """A document to be erased, and where its originals lie."""

    document_id: UUID
    file_id: str
    keys: frozenset[str]


async def some_documents(
    session: Session, belongings: Belongings, limit: int
) -> list[EndedDocument]:
    """Return up to `limit` documents."""
    query = select(
        DocumentRow.document_id,
        DocumentRow.file_id,
        DocumentRow.original_key,
        DocumentRow.stale_keys,
    ).where(belongings.of(DocumentRow))
    rows = await session.execute(query.order_by(DocumentRow.document_id).limit(limit))
    return [
        EndedDocument(
            document_id=row.document_id,
            file_id=row.file_id,
            keys=frozenset({row.original_key, *row.stale_keys} - {None}),
        )
        for row in rows
    ]


async def delete_documents(session: Session, document_ids: Collection[UUID]) -> None:
    """Delete the rows of documents whose contents are purged."""
    await session.execute(
        delete(DocumentRow)
        .where(any_of(DocumentRow.document_id, document_ids))
        .execution_options(synchronize_session=False)
    )


async def delete_counters(session: Session, belongings: Belongings) -> None:
    """Delete the count of the changes to what they know."""
    await session.execute(
        delete(KnowledgeRow)
        .where(belongings.of(KnowledgeRow))
        .execution_options(synchronize_session=False)
    )
