"""Start leads in a sequence, by hand."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from persona_contracts import Lead
from service_kit.errors import FieldError
from service_kit.store import Session, database_now

from followup_svc.adapters import followup_settings, instances, leads, persona_marks, suppressions
from followup_svc.domain.instance import Instance, InstanceLiveError, NewInstance, Reason
from followup_svc.domain.lead import UNKNOWN_LEAD, LeadKey, LeadSuppressedError, LeadUpdate
from followup_svc.domain.sequence import Sequence, SequencePausedError
from followup_svc.usecases.describe_start import describe_start
from followup_svc.usecases.make_calendar import make_calendar
from followup_svc.usecases.make_instance import make_instance
from followup_svc.usecases.publish_instances import publish_instances
from followup_svc.usecases.update_leads import update_leads


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadToStart:
    """A lead, and what is known of it."""

    lead_id: str
    campaign_id: str | None
    lead: Lead = field(default_factory=Lead)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedLead:
    """A lead that was not started; `reason` is a slug."""

    lead_id: str
    reason: str


async def start_instances(
    session: Session,
    sequence: Sequence,
    chosen: Collection[LeadToStart],
    *,
    by: str,
    skip_unavailable: bool,
) -> tuple[list[Instance], list[SkippedLead]]:
    """Start each lead at the first step; return the instances, and who was skipped.

    The sequence must be locked.

    Raises:
        SequencePausedError: its persona is deleted.
        LeadSuppressedError: a lead must not be written to, and is not to be skipped.
        InstanceLiveError: a lead is on its way already, and is not to be skipped.
    """
    await _require_persona(session, sequence)
    keys = {item.lead_id: LeadKey(sequence.workspace_id, item.lead_id) for item in chosen}
    await leads.lock_all(session, keys.values())
    now = await database_now(session)
    await update_leads(
        session,
        [
            LeadUpdate(
                key=keys[item.lead_id],
                fields=item.lead.model_dump(mode="json", exclude_unset=True),
                at=now,
                campaign_id=item.campaign_id,
            )
            for item in chosen
        ],
    )
    found = await leads.get_all(session, keys.values())
    known = {key: found.get(key, UNKNOWN_LEAD) for key in keys.values()}
    forbidden = {key.lead_id for key in await suppressions.suppressed(session, known)}
    settings = await followup_settings.get(session, sequence.workspace_id)
    new: list[NewInstance] = []
    for item in chosen:
        if item.lead_id not in forbidden:
            lead = known[keys[item.lead_id]]
            calendar = make_calendar(sequence.definition, settings, lead.profile)
            campaign_id = item.campaign_id or lead.campaign_id
            new.append(make_instance(sequence, item.lead_id, campaign_id, calendar, by=by, at=now))
    added = await instances.add_all(session, new)
    started = [item.instance for item in new if item.instance.instance_id in added]
    live = {item.instance.lead_id for item in new} - {item.lead_id for item in started}
    if not skip_unavailable:
        _refuse(chosen, forbidden, LeadSuppressedError, "is on the suppression list")
        _refuse(chosen, live, InstanceLiveError, "is on its way through this sequence already")
    channel = sequence.definition.steps[0].channel
    events = [describe_start(item, channel, Reason.BY_PERSON) for item in started]
    await publish_instances(session, events, of=started)
    return started, [
        *(SkippedLead(lead_id=item, reason=LeadSuppressedError.slug) for item in sorted(forbidden)),
        *(SkippedLead(lead_id=item, reason=InstanceLiveError.slug) for item in sorted(live)),
    ]


async def _require_persona(session: Session, sequence: Sequence) -> None:
    persona_id = sequence.definition.ai_persona_id
    if persona_id and await persona_marks.deleted(session, {(sequence.workspace_id, persona_id)}):
        raise SequencePausedError(
            "its persona is deleted: undelete it, or give the sequence another one",
            extra={"reason": "persona-deleted", "persona_id": str(persona_id)},
        )


def _refuse(
    chosen: Iterable[LeadToStart],
    refused: set[str],
    kind: type[LeadSuppressedError | InstanceLiveError],
    why: str,
) -> None:
    errors = [
        FieldError(f"leads.{index}.lead_id", why)
        for index, item in enumerate(chosen)
        if item.lead_id in refused
    ]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise kind(
            f"{errors[0].field} {why}{more}; `skip_unavailable: true` starts the others",
            errors=errors,
        )
