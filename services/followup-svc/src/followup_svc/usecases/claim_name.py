"""Claim the name of a sequence, which no other one of its workspace has."""

from service_kit.store import Session

from followup_svc.adapters import sequences
from followup_svc.domain.sequence import Sequence, SequenceNameTakenError


async def claim_name(session: Session, sequence: Sequence) -> None:
    """Keep the name of `sequence` from others until this transaction ends.

    Raises:
        SequenceNameTakenError: another sequence has it.
    """
    name, workspace_id = sequence.definition.name, sequence.workspace_id
    await sequences.lock_names(session, workspace_id)
    if await sequences.is_name_taken(session, workspace_id, name, except_id=sequence.sequence_id):
        raise SequenceNameTakenError(f"another sequence is called {name!r}: choose another name")
