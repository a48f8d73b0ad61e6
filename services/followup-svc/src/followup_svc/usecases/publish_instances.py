"""Publish what happened to instances."""

from collections.abc import Iterable
from uuid import UUID

from persona_contracts.event import OwnEvent
from service_kit.outbox import publish
from service_kit.store import Session

from followup_svc.domain.instance import Instance


async def publish_instances(
    session: Session, events: Iterable[OwnEvent], of: Iterable[Instance]
) -> list[UUID]:
    """Put events of these instances into the outbox; return their ids.

    Each has the correlation of what started its instance, or that of the instance itself.
    """
    causes = {str(item.instance_id): item.correlation_id or str(item.instance_id) for item in of}
    return await publish(session, *events, causes=causes)
