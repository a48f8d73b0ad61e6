"""Accept files that the CRM announces."""

from collections.abc import Sequence

from persona_contracts import FileUploadedV1, Received
from service_kit.erasure import not_erased
from service_kit.store import Session

from ingest_svc.domain.document import Version
from ingest_svc.usecases.accept_version import accept_version


async def accept_files(session: Session, batch: Sequence[Received[FileUploadedV1]]) -> None:
    """Queue each file or new version once, whatever order the announcements come in."""
    fresh = await not_erased(session, batch, lambda event: event.uploaded_at)
    for item in sorted(fresh, key=lambda item: (item.workspace_id, item.event.file_id)):
        event = item.event
        await accept_version(
            session,
            Version(
                workspace_id=event.workspace_id,
                file_id=event.file_id,
                persona_id=event.persona_id,
                file_name=event.file_name,
                uploaded_at=event.uploaded_at,
                tags=event.tags,
                url=event.url,
                sha256=event.sha256,
                traceparent=item.traceparent,
                correlation_id=item.correlation_id,
            ),
        )
