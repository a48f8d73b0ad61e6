"""Describe a draft to others."""

from datetime import datetime
from typing import Any

from draft_svc.adapters.erasing import BlankedDraft
from draft_svc.domain.draft import Draft, Superseded


def describe_draft(draft: Draft | Superseded | BlankedDraft, at: datetime) -> dict[str, Any]:
    """Return what every event about a draft says: which one, in which state, and whose."""
    return {
        "workspace_id": draft.workspace_id,
        "occurred_at": at,
        "draft_id": draft.draft_id,
        "message_id": draft.message_id,
        "revision": draft.revision,
        "lead_id": draft.lead_id,
        "channel": draft.channel,
        "campaign_id": draft.campaign_id,
    }
