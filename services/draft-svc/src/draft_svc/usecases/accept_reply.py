"""Accept replies: each becomes one queued draft, and closes the lead's older ones."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from persona_contracts import DraftError, DraftFailedV1, DraftSupersededV1, LeadRepliedV1, Received
from service_kit.erasure import not_erased
from service_kit.ids import new_id
from service_kit.outbox import publish
from service_kit.store import Session

from draft_svc.adapters import drafts
from draft_svc.domain.draft import DraftStatus, ReplyTooOldError, is_too_old


async def accept_replies(
    session: Session, batch: Sequence[Received[LeadRepliedV1]], clock: Callable[[], datetime]
) -> None:
    """Store one draft per new reply: queued, `failed: too-old`, or superseded by a newer one."""
    batch = await not_erased(session, batch, lambda event: event.received_at)
    if not batch:
        return
    now = clock()
    rows = [_row(item, now) for item in batch]
    leads = {(item.workspace_id, item.event.lead_id) for item in batch}
    await drafts.lock_leads(session, leads)
    new_ids = await drafts.add_new(session, rows)
    await drafts.recall_campaigns(session, _without_campaign(rows) & new_ids)
    superseded = await drafts.supersede_older(session, leads)
    await drafts.make_due(session, new_ids)
    await publish(
        session,
        *(
            _too_old(row, now)
            for row in rows
            if row["draft_id"] in new_ids and row["stored_status"] == DraftStatus.FAILED
        ),
        *(
            DraftSupersededV1(
                workspace_id=item.workspace_id,
                occurred_at=now,
                draft_id=item.draft_id,
                message_id=item.message_id,
                superseded_by=item.superseded_by,
            )
            for item in superseded
        ),
    )


def _row(item: Received[LeadRepliedV1], now: datetime) -> dict[str, Any]:
    reply = item.event
    too_old = is_too_old(reply.received_at, now)
    return {
        "draft_id": new_id(),
        "workspace_id": reply.workspace_id,
        "message_id": reply.message_id,
        "lead_id": reply.lead_id,
        "campaign_id": reply.campaign_id,
        "channel": reply.channel.value,
        "received_at": reply.received_at,
        "reply": reply.model_dump(mode="json"),
        "traceparent": item.traceparent,
        "stored_status": DraftStatus.FAILED if too_old else DraftStatus.QUEUED,
        "subject": reply.subject,
        "error": _error().model_dump() if too_old else None,
    }


def _without_campaign(rows: Sequence[dict[str, Any]]) -> set[UUID]:
    return {row["draft_id"] for row in rows if row["campaign_id"] is None}


def _error() -> DraftError:
    return DraftError(
        type=ReplyTooOldError.slug,
        title=ReplyTooOldError.title(),
        detail="regenerate the draft if it is still wanted",
    )


def _too_old(row: dict[str, Any], now: datetime) -> DraftFailedV1:
    return DraftFailedV1(
        workspace_id=row["workspace_id"],
        occurred_at=now,
        draft_id=row["draft_id"],
        message_id=row["message_id"],
        error=_error(),
        attempts=0,
    )
