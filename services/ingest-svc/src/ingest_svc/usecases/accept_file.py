"""Accept files that the CRM announces, and their end."""

from collections.abc import Sequence

from persona_contracts import FileDeletedV1, FileUploadedV1, Received
from service_kit.erasure import not_erased
from service_kit.store import Session

from ingest_svc.adapters import documents
from ingest_svc.adapters.documents import Announced


async def accept_announced(session: Session, batch: Sequence[Received[FileUploadedV1]]) -> None:
    """Queue each file or new version once, whatever order the announcements come in."""
    fresh = await not_erased(session, batch, lambda event: event.uploaded_at)
    for item in sorted(fresh, key=lambda item: (item.workspace_id, item.event.file_id)):
        event = item.event
        await documents.announce(
            session,
            Announced(
                workspace_id=event.workspace_id,
                file_id=event.file_id,
                persona_id=event.persona_id,
                file_name=event.file_name,
                uploaded_at=event.uploaded_at,
                tags=event.tags,
                url=event.url,
                sha256=event.sha256,
                traceparent=item.traceparent,
            ),
        )


async def accept_deleted(session: Session, batch: Sequence[Received[FileDeletedV1]]) -> None:
    """Forget each file up to its version of then; an unknown one will not come back."""
    fresh = await not_erased(session, batch, lambda event: event.deleted_at)
    for item in sorted(fresh, key=lambda item: (item.workspace_id, item.event.file_id)):
        event = item.event
        await documents.forget_announced(
            session, event.workspace_id, event.file_id, event.deleted_at
        )
