"""Stop an instance, by hand."""

from service_kit.store import Session, database_now

from followup_svc.domain.instance import Instance, Note, Reason, SavedInstance
from followup_svc.usecases.save_instances import save_instances


async def stop_instance(session: Session, instance: Instance, *, by: str) -> Instance:
    """End a locked instance before its last step; what is requested already may still go out.

    Raises:
        InstanceStateError: it has ended already.
    """
    now = await database_now(session)
    stopped = instance.stopped(Reason.BY_PERSON, at=now)
    saved = SavedInstance(instance=stopped, note=Note(what="stopped", by=by))
    await save_instances(session, [saved], now=now)
    return stopped
