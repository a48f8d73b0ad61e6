"""Set the tags of a file."""

from collections.abc import Sequence
from dataclasses import replace

from service_kit.store import Session

from ingest_svc.adapters import documents
from ingest_svc.domain.document import Document


async def set_tags(session: Session, document: Document, tags: Sequence[str]) -> Document:
    """Replace the tags of a locked document."""
    tagged = replace(document, tags=list(tags))
    await documents.save(session, tagged)
    return tagged
