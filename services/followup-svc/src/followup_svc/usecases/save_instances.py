"""Save what has changed about instances."""

from collections.abc import Collection
from datetime import datetime, timedelta

from persona_contracts import FollowupCompletedV1, FollowupStoppedV1
from service_kit.leases import REST_SECONDS
from service_kit.outbox import publish
from service_kit.store import Session

from followup_svc.adapters import instances
from followup_svc.domain.instance import SavedInstance, State

_ENDS = {State.COMPLETED: FollowupCompletedV1, State.STOPPED: FollowupStoppedV1}


async def save_instances(
    session: Session, saved: Collection[SavedInstance], *, now: datetime
) -> None:
    """Store locked instances, publish which have ended, and wake workers for what is due soon."""
    await instances.save_all(session, saved)
    changed = [item.instance for item in saved]
    await publish(
        session,
        *(
            _ENDS[item.state](
                workspace_id=item.workspace_id,
                occurred_at=now,
                instance_id=item.instance_id,
                sequence_id=item.sequence_id,
                lead_id=item.lead_id,
                reason=item.reason or "",
            )
            for item in changed
            if item.state in _ENDS
        ),
    )
    soon = now + timedelta(seconds=REST_SECONDS)
    if any(item.is_due(soon) for item in changed):
        await instances.LEASES.wake_workers(session)
