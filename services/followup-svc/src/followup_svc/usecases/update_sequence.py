"""Change a sequence."""

from service_kit.store import Session, database_now

from followup_svc.adapters import sequences
from followup_svc.domain.sequence import Definition, Sequence
from followup_svc.usecases.claim_name import claim_name


async def update_sequence(
    session: Session, sequence: Sequence, definition: Definition, *, by: str
) -> Sequence:
    """Store the next version of a locked sequence; instances finish on the one they began with.

    The same definition again makes no version.

    Raises:
        TemplateInvalidError: a template has unknown tokens or stray braces.
        SequenceNameTakenError: another sequence has this name.
    """
    changed = sequence.changed(definition, at=await database_now(session))
    if changed.version != sequence.version:
        await claim_name(session, changed)
        await sequences.save(session, changed, changed_by=by)
    return changed
