"""Read what a lead wrote, without what they quote."""

from persona_contracts import LeadRepliedV1

from draft_svc.domain.draft import Draft
from draft_svc.domain.reply import CleanReply, ReplyForms
from draft_svc.usecases.ports import Cleaner


async def read_reply(cleaner: Cleaner, draft: Draft) -> CleanReply:
    """Return the newest words of the reply that a draft answers.

    Raises:
        ReplyTooComplexError: reading it costs too much.
    """
    reply = LeadRepliedV1.model_validate(draft.reply)
    forms = ReplyForms(
        body_text=reply.body_text,
        body_html=reply.body_html,
        raw_email=reply.raw_email,
        subject=reply.subject,
    )
    return await cleaner.clean(draft.workspace_id, forms)
