"""Save what has changed about instances."""

from collections.abc import Collection
from datetime import datetime

from service_kit.store import Session

from followup_svc.adapters import instances
from followup_svc.domain.instance import SavedInstance
from followup_svc.usecases.describe_states import describe_states
from followup_svc.usecases.publish_instances import publish_instances


async def save_instances(
    session: Session, saved: Collection[SavedInstance], *, now: datetime
) -> None:
    """Store locked instances; publish new states, and wake the workers if any is due."""
    changes = await instances.save_all(session, saved)
    states = describe_states(saved, changes, at=now)
    await publish_instances(session, states, of=[item.instance for item in saved])
    if any(item.instance.is_due(now) for item in saved):
        await instances.LEASES.wake_workers(session)
