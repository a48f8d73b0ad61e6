"""Which collection of the index is in use: one, named by its model and dimension."""

from service_kit.settings import SettingsError
from service_kit.store import Session
from sqlalchemy import func, select, update

from ingest_svc.adapters.contents import LEASES
from ingest_svc.adapters.tables import ContentRow, PassageIndexRow


class OtherCollectionError(SettingsError):
    """The stored passages were embedded by another model than the one that is set."""


async def use(session: Session, collection: str) -> None:
    """Note that `collection` is in use; the first one, or while nothing is stored, is taken as set.

    Raises:
        OtherCollectionError: passages are stored in another one.
    """
    row = await session.get(PassageIndexRow, True, with_for_update=True)
    if row is None:
        session.add(PassageIndexRow(is_only=True, collection=collection))
    elif row.collection != collection:
        if await session.scalar(select(ContentRow.content_id).limit(1)) is not None:
            raise OtherCollectionError(
                f"The passages are in the collection {row.collection}, and"
                f" DRAMATIS_INGEST_EMBEDDER and its settings ask for {collection}. Set them back,"
                " or move the passages with `dramatis files reembed` (in a deployment:"
                " `python -m ingest_svc reembed`)."
            )
        row.collection = collection


async def move(session: Session, collection: str) -> int:
    """Take `collection` into use and queue every content for it; return how many there are."""
    row = await session.get(PassageIndexRow, True, with_for_update=True)
    if row is None:
        session.add(PassageIndexRow(is_only=True, collection=collection))
    else:
        row.collection = collection
    moved = await session.scalars(
        update(ContentRow)
        .where(
            ContentRow.collection.is_not(None),
            ContentRow.collection != collection,
            ContentRow.retired.is_(False),
        )
        .values(due_at=func.now(), lease_token=None, attempts=0, deaths=0)
        .returning(ContentRow.content_id)
        .execution_options(synchronize_session=False)
    )
    await LEASES.wake_workers(session)
    return len(moved.all())
