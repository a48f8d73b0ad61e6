"""Store what has changed about instances, say which have ended, and wake who sends what is due."""

from collections.abc import Sequence
from datetime import datetime

from persona_contracts import FollowupCompletedV1, FollowupStoppedV1
from service_kit.outbox import publish
from service_kit.store import Session

from followup_svc.adapters import instances
from followup_svc.adapters.instances import LEASES, Change
from followup_svc.domain.instance import State

_ENDS = {State.COMPLETED: FollowupCompletedV1, State.STOPPED: FollowupStoppedV1}


async def store_changes(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Store locked instances, and publish `followup.completed` and `followup.stopped`.

    The workers are woken if anything of it is due `now`.
    """
    await instances.save(session, changes)
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
            for item, _ in changes
            if item.state in _ENDS
        ),
    )
    if any(item.is_due(now) for item, _ in changes):
        await LEASES.wake_workers(session)
