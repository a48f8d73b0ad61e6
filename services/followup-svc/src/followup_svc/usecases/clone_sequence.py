"""Copy a sequence."""

from service_kit.store import Session

from followup_svc.domain.sequence import Sequence
from followup_svc.usecases.create_sequence import create_sequence


async def clone_sequence(
    session: Session, original: Sequence, name: str | None, *, by: str
) -> Sequence:
    """Store a copy without the trigger, as `name` or "Copy of …".

    Raises:
        SequenceNameTakenError: another sequence has this name.
    """
    return await create_sequence(session, original.workspace_id, original.copied(name), by=by)
