"""Describe to others in which state instances are now."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from persona_contracts import (
    FollowupCompletedV1,
    FollowupPausedV1,
    FollowupResumedV1,
    FollowupStoppedV1,
)
from persona_contracts.event import OwnEvent

from followup_svc.domain.instance import SavedInstance, State, StateChange
from followup_svc.usecases.describe_instance import describe_instance

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
