"""Create a sequence."""

from service_kit.ids import new_id
from service_kit.store import Session, database_now

from followup_svc.adapters import sequences
from followup_svc.domain.sequence import Definition, Sequence
from followup_svc.usecases.claim_name import claim_name


async def create_sequence(
    session: Session, workspace_id: str, definition: Definition, *, by: str
) -> Sequence:
    """Store a new sequence at version 1.

    Raises:
        TemplateInvalidError: a template has unknown tokens or stray braces.
        SequenceNameTakenError: another sequence has this name.
    """
    now = await database_now(session)
    created = Sequence.new(new_id(), workspace_id, definition, at=now)
    await claim_name(session, created)
    await sequences.add(session, created, changed_by=by)
    return created
