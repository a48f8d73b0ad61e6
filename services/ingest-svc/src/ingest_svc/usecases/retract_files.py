"""Delete files that the CRM retracts."""

from collections.abc import Sequence

from persona_contracts import FileDeletedV1, Received
from service_kit.erasure import not_erased
from service_kit.store import Session

from ingest_svc.adapters import documents


async def retract_files(session: Session, batch: Sequence[Received[FileDeletedV1]]) -> None:
    """Hide each file up to its version of then and queue its removal.

    An unknown one leaves a tombstone, so that it will not come back.
    """
    fresh = await not_erased(session, batch, lambda event: event.deleted_at)
    for item in sorted(fresh, key=lambda item: (item.workspace_id, item.event.file_id)):
        event = item.event
        document, is_new = await documents.lock_or_add(session, event.workspace_id, event.file_id)
        if is_new:
            await documents.save_without_work(session, document.deleted_unseen(event.deleted_at))
        elif document.uploaded_at <= event.deleted_at and document.deleted_at is None:
            hidden = document.deleted(event.deleted_at, correlation_id=item.correlation_id)
            await documents.save_for_work(session, hidden)
