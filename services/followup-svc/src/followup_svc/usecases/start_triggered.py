"""Start the sequences that events of leads trigger (A56)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service_kit.personas import resolve_persona
from service_kit.store import Session, database_now

from followup_svc.adapters import (
    followup_settings,
    instances,
    leads,
    persona_marks,
    sequences,
    suppressions,
)
from followup_svc.domain.followup_settings import DEFAULTS, FollowupSettings
from followup_svc.domain.instance import NewInstance
from followup_svc.domain.lead import UNKNOWN_LEAD, KnownLead
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.domain.sequence import Sequence, TriggerEvent
from followup_svc.usecases.describe_start import describe_start
from followup_svc.usecases.make_calendar import make_calendar
from followup_svc.usecases.make_instance import make_instance
from followup_svc.usecases.ports import Personas
from followup_svc.usecases.publish_instances import publish_instances


async def start_triggered(
    session: Session, event: TriggerEvent, occurred: Collection[LeadEvent], personas: Personas
) -> None:
    """Start what these events of locked leads trigger; suppressed leads are left out.

    Raises:
        PersonasNotReadyError: a filter asks who answers, and the personas are not known yet.
    """
    triggered = await sequences.lock_triggered_by(
        session, event, {item.key.workspace_id for item in occurred}
    )
    if not triggered:
        return
    paused = await persona_marks.deleted(session, set(_personas(triggered)))
    keys = {item.key for item in occurred}
    found = await leads.get_all(session, keys)
    known = {key: found.get(key, UNKNOWN_LEAD) for key in keys}
    forbidden = await suppressions.suppressed(session, known)
    settings = await followup_settings.get_all(session, triggered)
    now = await database_now(session)
    new = [
        (
            _instance(sequence, item, lead, settings.get(item.key.workspace_id, DEFAULTS), now),
            sequence.definition.steps[0].channel,
        )
        for item in occurred
        if item.key not in forbidden
        for lead in [known[item.key]]
        for sequence in triggered.get(item.key.workspace_id, ())
        if (item.key.workspace_id, sequence.definition.ai_persona_id) not in paused
        if _starts(sequence, item, item.campaign_id or lead.campaign_id, personas)
    ]
    if not new:
        return
    added = await instances.add_all(session, [item for item, _ in new])
    started = [
        (item.instance, channel) for item, channel in new if item.instance.instance_id in added
    ]
    events = [describe_start(instance, channel, event) for instance, channel in started]
    await publish_instances(session, events, of=[instance for instance, _ in started])


def _personas(
    triggered: Mapping[str, Collection[Sequence]],
) -> Iterator[tuple[str, UUID]]:
    for workspace_id, sequences_of_workspace in triggered.items():
        for sequence in sequences_of_workspace:
            if sequence.definition.ai_persona_id is not None:
                yield workspace_id, sequence.definition.ai_persona_id


def _starts(
    sequence: Sequence, event: LeadEvent, campaign_id: str | None, personas: Personas
) -> bool:
    trigger = sequence.definition.trigger
    if trigger is None or not event.triggers(sequence, campaign_id):
        return False
    if trigger.persona_id is None:
        return True
    resolution = resolve_persona(
        personas,
        event.key.workspace_id,
        campaign_id=campaign_id,
        sequence_persona_id=None,
        channel=event.channel or sequence.definition.steps[0].channel,
    )
    return resolution.persona_id == trigger.persona_id


def _instance(
    sequence: Sequence,
    event: LeadEvent,
    lead: KnownLead,
    settings: FollowupSettings,
    now: datetime,
) -> NewInstance:
    new = make_instance(
        sequence,
        event.key.lead_id,
        event.campaign_id or lead.campaign_id,
        make_calendar(sequence.definition, settings, lead.profile),
        by=event.event,
        at=now,
    )
    return replace(
        new,
        instance=replace(new.instance, correlation_id=event.correlation_id),
        trigger_id=event.trigger_id,
        traceparent=event.traceparent,
    )
