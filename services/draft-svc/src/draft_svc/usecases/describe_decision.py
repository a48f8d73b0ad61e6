"""Describe a decision to others."""

from datetime import datetime
from typing import Any

from draft_svc.domain.draft import Draft
from draft_svc.usecases.describe_draft import describe_draft


def describe_decision(draft: Draft, *, by: str, at: datetime) -> dict[str, Any]:
    """Return what every event about a decision says: who decided, about whose words to whom."""
    resolution = draft.resolution or {}
    return {
        **describe_draft(draft, at),
        "decided_by": by,
        "persona_id": resolution.get("persona_id"),
        "version": resolution.get("version"),
    }
