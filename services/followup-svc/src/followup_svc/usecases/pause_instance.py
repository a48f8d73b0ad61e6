"""Pause an instance whose sequence names a deleted persona."""

from followup_svc.domain.instance import Instance, Note, Reason, SavedInstance

PERSONA_DELETED = (
    "The persona of the sequence is deleted: undelete it, or stop the instance and give the"
    " sequence another persona."
)


def pause_instance(item: Instance, *, by: str) -> SavedInstance:
    """Return an instance paused until its persona is back."""
    note = Note(what="paused", by=by, detail=PERSONA_DELETED, step=item.step)
    return SavedInstance(instance=item.paused(Reason.PERSONA_DELETED, PERSONA_DELETED), note=note)
