"""Approve a draft: nothing is sent without a person, or the CRM."""

from persona_contracts import DraftApprovedV1
from service_kit.outbox import publish
from service_kit.store import Session, database_now

from draft_svc.adapters import drafts
from draft_svc.domain.draft import Draft
from draft_svc.usecases.describe_decision import describe_decision


async def approve_draft(
    session: Session, draft: Draft, *, by: str, body: str | None = None, subject: str | None = None
) -> Draft:
    """Approve a locked draft, with another body or subject if given.

    Raises:
        DraftNotOpenError: it is not ready, or already decided.
        DraftBodyError: the new body is blank or too long.
        SmsTooLongError: the new body does not fit into a text message.
    """
    now = await database_now(session)
    approved = draft.approve(by=by, at=now, body=body, subject=subject)
    await drafts.save(session, approved)
    await publish(
        session,
        DraftApprovedV1(
            **describe_decision(approved, by=by, at=now),
            subject=approved.subject,
            text=approved.text or "",
            body=approved.body or "",
            edit_distance=approved.edit_distance or 0,
        ),
    )
    return approved
