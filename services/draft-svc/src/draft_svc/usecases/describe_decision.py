"""Describe a decision to others."""

from datetime import datetime
from typing import Any

from draft_svc.domain.draft import Draft


def describe_decision(draft: Draft, *, by: str, at: datetime) -> dict[str, Any]:
    """Return what every event about a decision says: who decided, about whose words to whom."""
    resolution = draft.resolution or {}
    return {
        "workspace_id": draft.workspace_id,
        "occurred_at": at,
        "draft_id": draft.draft_id,
        "message_id": draft.message_id,
        "decided_by": by,
        "persona_id": resolution.get("persona_id"),
        "version": resolution.get("version"),
        "lead_id": draft.lead_id,
        "campaign_id": draft.campaign_id,
    }
