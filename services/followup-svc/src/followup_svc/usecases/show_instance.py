"""Show an instance: its steps, exactly what each sent, and its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass

from service_kit.store import Session

from followup_svc.adapters import instances, send_requests
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, TimelineEntry
from followup_svc.domain.send_request import SendRequest
from followup_svc.domain.sequence import Definition
from followup_svc.usecases.read_context import read_context


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInstance:
    """An instance with all that is stored about it."""

    instance: Instance
    definition: Definition
    requests: Sequence[SendRequest]
    timeline: Sequence[TimelineEntry]
    warnings: Sequence[str]
    """What is wrong with what is known of the lead."""


async def show_instance(
    session: Session, instance: Instance, versions: SequenceVersions
) -> ShownInstance:
    """Return an instance with its version, its requests and its notes."""
    context = await read_context(session, [instance], versions)
    warning = context.calendar(instance).warning
    return ShownInstance(
        instance=instance,
        definition=context.definition(instance),
        requests=await send_requests.of_instance(session, instance.instance_id),
        timeline=await instances.timeline(session, instance.instance_id),
        warnings=[warning] if warning else [],
    )
