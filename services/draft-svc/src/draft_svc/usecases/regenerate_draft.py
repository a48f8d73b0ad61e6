"""Write a draft again."""

from service_kit.store import Session

from draft_svc.adapters import drafts
from draft_svc.domain.draft import Draft


async def regenerate_draft(session: Session, draft: Draft) -> Draft:
    """Queue a locked draft again, under the same id, for whichever persona speaks now.

    Raises:
        DraftNotOpenError: it is decided, or the lead has replied again since.
    """
    has_newer_reply = await drafts.has_newer_reply(session, draft)
    queued = draft.regenerate(has_newer_reply=has_newer_reply)
    await drafts.save(session, queued)
    await drafts.make_due(session, queued.draft_id)
    return queued
