"""Describe to others in which state instances are now."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from persona_contracts import (
    FollowupCompletedV1,
    FollowupPausedV1,
    FollowupResumedV1,
    FollowupStartedV1,
    FollowupStoppedV1,
)
from persona_contracts.event import OwnEvent

from followup_svc.domain.instance import Instance, SavedInstance, State, StateChange

_EVENTS = {
    State.ACTIVE: FollowupResumedV1,
    State.PAUSED: FollowupPausedV1,
    State.COMPLETED: FollowupCompletedV1,
    State.STOPPED: FollowupStoppedV1,
}


def describe_states(
    saved: Collection[SavedInstance], changes: Mapping[UUID, StateChange], *, at: datetime
) -> list[OwnEvent]:
    """Return an event for each of the saved instances that has changed its state."""
    changed = [
        (item.instance, changes[item.instance.instance_id])
        for item in saved
        if item.instance.instance_id in changes
    ]
    return [
        _EVENTS[item.state](
            **describe_instance(item, change.channel, at=at),
            reason=(change.reason if item.state is State.ACTIVE else item.reason) or "",
        )
        for item, change in changed
    ]


def describe_start(instance: Instance, channel: str, reason: str) -> FollowupStartedV1:
    """Return the event of a new instance, whose first step goes out on `channel`."""
    fields = describe_instance(instance, channel, at=instance.started_at)
    return FollowupStartedV1(**fields, reason=reason)


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
