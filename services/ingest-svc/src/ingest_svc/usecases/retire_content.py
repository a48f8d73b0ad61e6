"""Give up a content that no document has any more."""

from uuid import UUID

from service_kit.store import Session

from ingest_svc.adapters import contents


async def retire_content(session: Session, content_id: UUID) -> bool:
    """Queue a content to be purged unless a live document has it; return whether it goes."""
    content = await contents.find_locked(session, content_id)
    if content is None or content.retired:
        return True
    if await contents.is_used(session, content_id):
        return False
    await contents.save_for_work(session, content.retire())
    return True
