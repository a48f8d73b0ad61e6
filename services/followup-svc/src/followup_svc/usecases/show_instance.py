"""Show an instance: its steps, exactly what each sent, and its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass

from service_kit.store import Session

from followup_svc.adapters import instances, send_requests
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, TimelineEntry
from followup_svc.domain.send_request import SendRequest
from followup_svc.domain.sequence import Definition


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInstance:
    """An instance with all that is stored about it."""

    instance: Instance
    definition: Definition
    requests: Sequence[SendRequest]
    timeline: Sequence[TimelineEntry]


async def show_instance(
    session: Session, instance: Instance, versions: SequenceVersions
) -> ShownInstance:
    """Return an instance with its version, its requests and its notes."""
    key = instance.version_key
    return ShownInstance(
        instance=instance,
        definition=(await versions.get_all(session, [key]))[key],
        requests=await send_requests.of_instance(session, instance.instance_id),
        timeline=await instances.timeline(session, instance.instance_id),
    )
