"""Make the instance of a lead that starts a sequence."""

from datetime import datetime

from service_kit.ids import new_id

from followup_svc.domain.instance import FIRST_STEP, Instance, NewInstance, State, zone_note
from followup_svc.domain.sequence import Sequence
from followup_svc.domain.window import Calendar


def make_instance(
    sequence: Sequence,
    lead_id: str,
    campaign_id: str | None,
    calendar: Calendar,
    *,
    by: str,
    at: datetime,
) -> NewInstance:
    """Return an instance at the first step of the newest version."""
    instance = Instance(
        instance_id=new_id(),
        workspace_id=sequence.workspace_id,
        sequence_id=sequence.sequence_id,
        sequence_version=sequence.version,
        lead_id=lead_id,
        campaign_id=campaign_id,
        state=State.ACTIVE,
        step=FIRST_STEP,
        awaiting_answer=False,
        next_at=calendar.due(sequence.definition.steps[0].delay, at),
        reason=None,
        detail=None,
        codes=(),
        started_by=by,
        started_at=at,
    )
    return NewInstance(instance=instance, note=zone_note(calendar.warning, FIRST_STEP))
