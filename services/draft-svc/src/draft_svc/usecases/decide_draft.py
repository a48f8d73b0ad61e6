"""Approve, reject or regenerate a draft: nothing is ever sent without a person (or the CRM)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from persona_contracts import DraftApprovedV1, DraftRejectedV1
from service_kit.outbox import publish
from service_kit.store import Session

from draft_svc.adapters import drafts
from draft_svc.adapters.drafts import DraftRow
from draft_svc.domain.draft import (
    APPROVE,
    MAX_BODY_CHARS,
    REGENERATE,
    REJECT,
    DraftBodyError,
    DraftDecidedError,
    DraftStatus,
)
from draft_svc.domain.text import compose_text, edit_distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who decides, and when."""

    subject: str
    at: datetime


async def approve_draft(
    session: Session, row: DraftRow, decider: Decider, *, body: str | None, subject: str | None
) -> None:
    """Approve `row`, with another body or subject if given; code adds the signature again.

    Raises:
        DraftDecidedError: the draft is not ready, or decided.
        DraftBodyError: the new body is blank or too long.
    """
    APPROVE.check(row.status)
    if row.generated_body is None:  # written before the column was there
        row.generated_body = row.body
    if body is not None:
        words = body.strip()
        if not words or len(words) > MAX_BODY_CHARS:
            raise DraftBodyError(f"body has {len(words)} characters")
        row.body = words
        row.text = compose_text(channel=row.channel, body=words, signature=row.signature)
    row.edit_distance = edit_distance(row.generated_body or "", row.body or "")
    row.subject = subject if subject is not None else row.subject
    _decide(row, DraftStatus.APPROVED, decider)
    await session.flush()
    await publish(
        session,
        DraftApprovedV1(
            workspace_id=row.workspace_id,
            occurred_at=decider.at,
            draft_id=row.draft_id,
            message_id=row.message_id,
            subject=row.subject,
            text=row.text or "",
            body=row.body or "",
            edit_distance=row.edit_distance,
            **_decided(row, decider),
        ),
    )


async def reject_draft(
    session: Session, row: DraftRow, decider: Decider, *, reason: str | None
) -> None:
    """Reject `row`.

    Raises:
        DraftDecidedError: the draft is not open.
    """
    REJECT.check(row.status)
    _decide(row, DraftStatus.REJECTED, decider)
    await session.flush()
    await publish(
        session,
        DraftRejectedV1(
            workspace_id=row.workspace_id,
            occurred_at=decider.at,
            draft_id=row.draft_id,
            message_id=row.message_id,
            reason=reason,
            **_decided(row, decider),
        ),
    )


async def regenerate_draft(session: Session, row: DraftRow) -> None:
    """Queue `row` again, under the same id, with whatever persona speaks now.

    Raises:
        DraftDecidedError: the draft is decided, or the lead has replied again since.
    """
    REGENERATE.check(row.status)
    if not await drafts.is_newest_of_lead(session, row):
        raise DraftDecidedError("the lead has replied again: answer the newer reply")
    row.stored_status = DraftStatus.QUEUED
    row.strategy = None
    row.error = None
    row.revision += 1
    await session.flush()
    await drafts.make_due(session, [row.draft_id])
    await session.refresh(row)


def _decide(row: DraftRow, status: DraftStatus, decider: Decider) -> None:
    row.stored_status = status
    row.decided_at = decider.at
    row.decided_by = decider.subject
    row.revision += 1


def _decided(row: DraftRow, decider: Decider) -> dict[str, Any]:
    """Return what both events say: who decided, and about whose words to whom."""
    spoke = row.resolution or {}
    return {
        "decided_by": decider.subject,
        "persona_id": spoke.get("persona_id"),
        "version": spoke.get("version"),
        "lead_id": row.lead_id,
        "campaign_id": row.campaign_id,
    }
