"""Describe an instance to others."""

from datetime import datetime
from typing import Any

from followup_svc.domain.instance import Instance


def describe_instance(item: Instance, channel: str, *, at: datetime) -> dict[str, Any]:
    """Return what every event about an instance says: which one, whose, and where it stands."""
    return {
        "workspace_id": item.workspace_id,
        "occurred_at": at,
        "instance_id": item.instance_id,
        "sequence_id": item.sequence_id,
        "lead_id": item.lead_id,
        "campaign_id": item.campaign_id,
        "channel": channel,
        "step": item.step,
    }
