"""Resume everything that is paused for one reason."""

from uuid import UUID

from service_kit.store import Session

from followup_svc.adapters import instances
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.usecases.resume_instances import resume_instances

RESUME_LIMIT = 1_000
"""Instances that one call resumes; the answer says whether there are more."""


async def resume_paused(
    session: Session, code: str, sequence_id: UUID | None, versions: SequenceVersions, *, by: str
) -> int:
    """Resume up to RESUME_LIMIT instances that are paused for `code`; return how many.

    Raises:
        InstanceStateError: what is paused for `code` must be resolved one by one.
    """
    paused = await instances.lock_paused_for(session, code, sequence_id, RESUME_LIMIT)
    return len(await resume_instances(session, paused, versions, by=by))
