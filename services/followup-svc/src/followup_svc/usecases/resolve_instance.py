"""Resolve a step whose outcome is unknown: a person decides."""

from typing import Literal

from service_kit.store import Session, database_now

from followup_svc.adapters import send_requests
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, Note, SavedInstance
from followup_svc.usecases.read_context import read_context
from followup_svc.usecases.save_instances import save_instances

Decision = Literal["sent", "resend"]


async def resolve_instance(
    session: Session,
    instance: Instance,
    decision: Decision,
    versions: SequenceVersions,
    *,
    by: str,
) -> Instance:
    """Decide that the current step of a locked instance was sent, or is to be sent again.

    Raises:
        InstanceStateError: the outcome is known.
    """
    instance.require_unknown()
    now = await database_now(session)
    request = (await send_requests.get_current(session, [instance]))[instance.instance_id]
    if decision == "resend":
        await send_requests.save_results(session, [request.waiting()])
        resolved = instance.resend(now)
    else:
        await send_requests.save_results(session, [request.sent(at=now)])
        context = await read_context(session, [instance], versions)
        following = context.definition(instance).steps[instance.step :]
        next_at = context.calendar(instance).due(following[0].delay, now) if following else None
        resolved = instance.sent(next_at, at=now)
    note = Note(what=f"resolved as {decision}", by=by, step=instance.step)
    await save_instances(session, [SavedInstance(instance=resolved, note=note)], now=now)
    return resolved
