"""Take a file, or a later version of it, to be ingested."""

from service_kit.store import Session

from ingest_svc.adapters import documents
from ingest_svc.domain.document import Document, Version
from ingest_svc.usecases.retire_content import retire_content


async def accept_version(session: Session, version: Version) -> Document | None:
    """Queue a new file or a new version; None if this or a later one, or its end, is known.

    What an earlier version taught is searched until the new one is indexed.
    """
    document, is_new = await documents.lock_or_add(session, version.workspace_id, version.file_id)
    if not is_new and not document.precedes(version):
        return None
    before = document.content_ids() if document.deleted_at is not None else []
    if before:
        document = document.without_contents()
    accepted = document.with_version(version)
    await documents.save_for_work(session, accepted)
    for content_id in before:
        await retire_content(session, content_id)
    return accepted
