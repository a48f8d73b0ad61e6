"""Calls that were erased here, and are still to be deleted at the vendor's; as work."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from service_kit.ids import new_id
from service_kit.leases import Leases
from service_kit.store import Session, any_of
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from voice_svc.adapters.tables import ConversationRemovalRow
from voice_svc.domain.call import VendorCall

RETRY_SECONDS = 60.0
"""How often it is tried after all quicker attempts: a removal is never given up."""
LEASES = Leases(ConversationRemovalRow, lambda row: row.conversation_id)


async def queue(session: Session, calls: Collection[VendorCall]) -> None:
    """Let the vendor's copies of calls be deleted, in a worker's transaction."""
    if not calls:
        return
    rows = [
        {
            "removal_id": new_id(),
            "workspace_id": call.workspace_id,
            "persona_id": call.persona_id,
            "conversation_id": call.conversation_id,
            "due_at": func.now(),
        }
        for call in calls
    ]
    statement = insert(ConversationRemovalRow).values(rows)
    key = ["workspace_id", "conversation_id"]
    await session.execute(statement.on_conflict_do_nothing(index_elements=key))
    await LEASES.wake_workers(session)


async def finish(session: Session, removal_id: UUID) -> None:
    """Forget one that is done, in the transaction that ends its lease."""
    await session.execute(
        delete(ConversationRemovalRow).where(ConversationRemovalRow.removal_id == removal_id)
    )


async def try_later(session: Session, removal_id: UUID) -> None:
    """Let one be tried again, in the transaction that ends its lease."""
    row = ConversationRemovalRow
    due_at = func.now() + timedelta(seconds=RETRY_SECONDS)
    await session.execute(
        update(row).where(row.removal_id == removal_id).values(due_at=due_at, attempts=0, deaths=0)
    )


async def counts(session: Session, persona_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return how many are left of these personas; who has none left is not named."""
    row = ConversationRemovalRow
    found = await session.execute(
        select(row.persona_id, func.count().label("left"))
        .where(any_of(row.persona_id, persona_ids))
        .group_by(row.persona_id)
    )
    return {row.persona_id: row.left for row in found}
