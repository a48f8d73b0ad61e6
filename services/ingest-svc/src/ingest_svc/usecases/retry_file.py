"""Try a file again."""

from service_kit.store import Session

from ingest_svc.adapters import contents, documents
from ingest_svc.domain.content import VectorState
from ingest_svc.domain.document import Document, FileStatus


async def retry_file(session: Session, document: Document) -> Document:
    """Queue a locked document that failed, or only its vectors if those failed.

    Raises:
        FileBusyError: it is being processed.
    """
    document.require_idle()
    if document.status is FileStatus.FAILED:
        document = document.processing()
        await documents.save_for_work(session, document)
    elif document.content_id is not None:
        content = await contents.lock(session, document.content_id)
        if content.vectors is VectorState.FAILED:
            await contents.save_for_work(session, content.pending())
    return document
