"""Purge a content that no document has: its points, counted, then its text."""

from uuid import UUID

from service_kit.crash_points import crash_point
from service_kit.store import Session, Store

from ingest_svc.adapters import contents
from ingest_svc.domain.content import PointsLeftError
from ingest_svc.usecases.ports import PassageIndex


async def purge_content(
    store: Store, index: PassageIndex, workspace_id: str, content_id: UUID
) -> None:
    """Remove a retired content; to do it again changes nothing.

    Raises:
        PointsLeftError: the index still counts points of it.
    """
    await index.remove(workspace_id, content_id)
    left = await index.count(workspace_id, content_id)
    if left:
        raise PointsLeftError(f"{left} points")
    crash_point("purge-after-points")

    async def change(session: Session) -> None:
        await contents.purge(session, content_id)

    await store.persist(change)
