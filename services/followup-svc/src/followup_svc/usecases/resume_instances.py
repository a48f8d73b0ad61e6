"""Resume instances that are paused."""

from collections.abc import Collection
from datetime import datetime

from service_kit.store import Session, database_now

from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Instance, Note, SavedInstance
from followup_svc.usecases.read_context import SendContext, read_context
from followup_svc.usecases.save_instances import save_instances


async def resume_instances(
    session: Session, paused: Collection[Instance], versions: SequenceVersions, *, by: str
) -> list[Instance]:
    """Let locked instances go on; return them as they are now.

    Raises:
        InstanceStateError: one is not paused, or must be resolved instead.
    """
    now = await database_now(session)
    context = await read_context(session, paused, versions)
    resumed = [item.resumed(_next_at(item, context, now)) for item in paused]
    note = Note(what="resumed", by=by)
    await save_instances(
        session, [SavedInstance(instance=item, note=note) for item in resumed], now=now
    )
    return resumed


def _next_at(item: Instance, context: SendContext, now: datetime) -> datetime:
    if item.awaiting_answer:
        return now + context.settings(item).answer_timeout
    planned = item.next_at or now
    return context.calendar(item).next_open(max(planned, now))
