"""Delete a sequence."""

from service_kit.store import Session, database_now

from followup_svc.adapters import instances, sequences
from followup_svc.domain.instance import Note, Reason, SavedInstance
from followup_svc.domain.sequence import Sequence
from followup_svc.usecases.save_instances import save_instances


async def delete_sequence(
    session: Session, sequence: Sequence, *, by: str, stop_instances: bool
) -> None:
    """Delete a locked sequence; its versions stay for the instances that began with them.

    Raises:
        SequenceRunningError: leads are on their way, and are not to be stopped.
    """
    live_count = await instances.count_live_of_sequence(session, sequence.sequence_id)
    now = await database_now(session)
    deleted = sequence.deleted(live_instances=0 if stop_instances else live_count, at=now)
    await sequences.save(session, deleted, changed_by=by)
    live = await instances.lock_live_of_sequence(session, sequence.sequence_id)
    note = Note(what="stopped", by=by)
    stopped = [
        SavedInstance(instance=item.stopped(Reason.SEQUENCE_DELETED, at=now), note=note)
        for item in live
    ]
    await save_instances(session, stopped, now=now)
