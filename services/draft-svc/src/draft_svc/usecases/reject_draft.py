"""Reject a draft."""

from persona_contracts import DraftRejectedV1
from service_kit.store import Session, database_now

from draft_svc.adapters import drafts
from draft_svc.domain.draft import Draft
from draft_svc.usecases.describe_decision import describe_decision
from draft_svc.usecases.publish_drafts import publish_drafts


async def reject_draft(session: Session, draft: Draft, *, by: str, reason: str | None) -> Draft:
    """Reject a locked draft.

    Raises:
        DraftNotOpenError: it is not open.
    """
    now = await database_now(session)
    rejected = draft.reject(by=by, at=now)
    await drafts.save(session, rejected)
    event = DraftRejectedV1(**describe_decision(rejected, by=by, at=now), reason=reason)
    await publish_drafts(session, [event], of=[rejected])
    return rejected
