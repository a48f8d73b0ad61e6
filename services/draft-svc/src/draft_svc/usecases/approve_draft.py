"""Approve a draft: nothing is sent without a person, or the CRM."""

import asyncio

from persona_contracts import DraftApprovedV1
from service_kit.store import Session, database_now

from draft_svc.adapters import drafts
from draft_svc.domain.draft import Draft
from draft_svc.domain.placeholders import has_left, require_filled
from draft_svc.domain.reply import clean_reply
from draft_svc.usecases.describe_decision import describe_decision
from draft_svc.usecases.publish_drafts import publish_drafts


async def approve_draft(
    session: Session, draft: Draft, *, by: str, body: str | None = None, subject: str | None = None
) -> Draft:
    """Approve a locked draft, with another body or subject if given.

    Raises:
        DraftNotOpenError: it is not ready, or already decided.
        DraftBodyError: the new body is blank or too long.
        SmsTooLongError: the new body does not fit into a text message.
        PlaceholderLeftError: what is new holds a token or a merge field that nobody else wrote.
    """
    now = await database_now(session)
    approved = draft.approve(by=by, at=now, body=body, subject=subject)
    typed = {name: text for name, text in (("subject", subject), ("body", body)) if text}
    if any(map(has_left, typed.values())):
        require_filled(typed, await asyncio.to_thread(_quotable, draft))
    await drafts.save(session, approved)
    event = DraftApprovedV1(
        **describe_decision(approved, by=by, at=now),
        subject=approved.subject,
        text=approved.text or "",
        body=approved.body or "",
        edit_distance=approved.edit_distance or 0,
    )
    await publish_drafts(session, [event], of=[approved])
    return approved


def _quotable(draft: Draft) -> str:
    """Return what the lead wrote, the passages, and the body as it was ready."""
    forms = ("body_text", "body_html", "raw_email", "subject")
    reply = clean_reply(**{name: draft.reply.get(name) for name in forms})
    passages = (passage.text for passage in draft.citations)
    generated = draft.generated_body or draft.body
    return "\n".join(filter(None, (reply.subject, reply.text, generated, *passages)))
