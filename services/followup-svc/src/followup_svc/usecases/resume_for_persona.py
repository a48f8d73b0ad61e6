"""Let go on what waited for a deleted persona."""

from persona_contracts import PersonaUndeletedV1
from service_kit.store import Session

from followup_svc.adapters import instances, persona_marks
from followup_svc.adapters.sequence_versions import SequenceVersions
from followup_svc.domain.instance import Reason
from followup_svc.usecases.resume_instances import resume_instances


async def resume_for_persona(
    session: Session, event: PersonaUndeletedV1, versions: SequenceVersions
) -> None:
    """Resume the instances that are paused because the persona was deleted."""
    key = (event.workspace_id, event.persona.persona_id)
    if not await persona_marks.mark(session, key, event.revision, deleted=False):
        return
    named = await instances.lock_live_of_persona(session, *key)
    paused = [item for item in named if item.reason is Reason.PERSONA_DELETED]
    await resume_instances(session, paused, versions, by=PersonaUndeletedV1.event_type)
