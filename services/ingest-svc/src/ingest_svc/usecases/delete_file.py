"""Delete a file."""

from service_kit.store import Session, database_now

from ingest_svc.adapters import documents
from ingest_svc.domain.document import Document


async def delete_file(session: Session, document: Document) -> None:
    """Hide a locked document at once and queue its removal, with all that was made of it."""
    await documents.save_for_work(session, document.deleted(await database_now(session)))
