"""Start instances: by hand, for leads that are named, or by an event (A56)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from persona_client import Roster
from persona_contracts import Lead
from service_kit.errors import FieldError
from service_kit.ids import new_id
from service_kit.store import Session, database_now

from followup_svc.adapters import instances, leads, workspaces
from followup_svc.adapters.instances import NewInstance
from followup_svc.adapters.leads import NOBODY, KnownLead
from followup_svc.adapters.sequences import triggered_by
from followup_svc.adapters.workspaces import DEFAULTS, FollowupSettings
from followup_svc.domain.instance import (
    Instance,
    InstanceLiveError,
    LeadSuppressedError,
    State,
)
from followup_svc.domain.sequence import SavedSequence, Trigger
from followup_svc.usecases.situation import calendar, speaker_of

FIRST_STEP = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """A lead to start, and what is known of it."""

    lead_id: str
    campaign_id: str | None
    lead: Lead = field(default_factory=Lead)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A lead that was not started."""

    lead_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """An event of a lead that may start sequences."""

    workspace_id: str
    lead_id: str
    campaign_id: str | None
    channel: str | None
    """Where the lead was heard; None: nowhere in particular."""
    at: datetime
    trigger_id: str
    """Names the event: it starts a sequence for the lead once."""
    outcome: str | None
    is_first_reply: bool
    traceparent: str | None


async def start_instances(
    session: Session,
    target: SavedSequence,
    wanted: Sequence[Starting],
    *,
    started_by: str,
    skip_unavailable: bool,
) -> tuple[list[Instance], list[Skipped]]:
    """Start each lead at the first step; return the instances, and who was skipped.

    Raises:
        LeadSuppressedError: a lead must not be written to, and is not to be skipped.
        InstanceLiveError: a lead is on its way already, and is not to be skipped.
    """
    keys = {item.lead_id: (target.workspace_id, item.lead_id) for item in wanted}
    await leads.lock(session, keys.values())
    now = await database_now(session)
    await leads.refresh(
        session, [(keys[item.lead_id], item.lead, now, item.campaign_id) for item in wanted]
    )
    forbidden = {lead_id for _, lead_id in await leads.suppressed(session, keys.values())}
    known = await leads.get(session, keys.values())
    settings = await workspaces.settings_of(session, [target.workspace_id])
    new = [
        _first(
            target,
            item.lead_id,
            item.campaign_id,
            known.get(keys[item.lead_id], NOBODY),
            settings.get(target.workspace_id, DEFAULTS),
            now,
        )
        for item in wanted
        if item.lead_id not in forbidden
    ]
    added = await instances.add(
        session, [NewInstance(instance=item, started_by=started_by) for item in new]
    )
    live = {item.lead_id for item in new if item.instance_id not in added}
    if not skip_unavailable:
        _refuse(wanted, forbidden, LeadSuppressedError, "is on the suppression list")
        _refuse(wanted, live, InstanceLiveError, "is on its way through this sequence already")
    skipped = [
        *(Skipped(lead_id=item, reason=LeadSuppressedError.slug) for item in sorted(forbidden)),
        *(Skipped(lead_id=item, reason=InstanceLiveError.slug) for item in sorted(live)),
    ]
    return [item for item in new if item.instance_id in added], skipped


async def start_triggered(
    session: Session, event: str, occurrences: Sequence[Occurrence], roster: Roster
) -> None:
    """Start the sequences that these events of locked leads trigger.

    An event from before its trigger was saved starts nothing, nor does a suppressed lead's.

    Raises:
        PersonasUnknownError: a filter asks who answers, and the personas are not known yet.
    """
    found = await triggered_by(session, event, {item.workspace_id for item in occurrences})
    if not found:
        return
    by_workspace: dict[str, list[SavedSequence]] = {}
    for item in found:
        by_workspace.setdefault(item.workspace_id, []).append(item)
    keys = {(item.workspace_id, item.lead_id) for item in occurrences}
    forbidden = await leads.suppressed(session, keys)
    known = await leads.get(session, keys)
    settings = await workspaces.settings_of(session, by_workspace)
    now = await database_now(session)
    new: list[NewInstance] = []
    for item in occurrences:
        if (item.workspace_id, item.lead_id) in forbidden:
            continue
        lead = known.get((item.workspace_id, item.lead_id), NOBODY)
        campaign_id = item.campaign_id or lead.campaign_id
        for target in by_workspace.get(item.workspace_id, []):
            trigger = target.sequence.trigger
            too_early = item.at < target.trigger_saved_at
            channel = item.channel or target.sequence.steps[0].channel
            speaks = _speaker(roster, item.workspace_id, campaign_id, channel)
            if trigger is None or too_early or not _passes(trigger, item, campaign_id, speaks):
                continue
            instance = _first(
                target,
                item.lead_id,
                campaign_id,
                lead,
                settings.get(item.workspace_id, DEFAULTS),
                now,
            )
            new.append(
                NewInstance(
                    instance=instance,
                    started_by=event,
                    trigger_id=item.trigger_id,
                    traceparent=item.traceparent,
                )
            )
    if new:
        await instances.add(session, new)


def _speaker(
    roster: Roster, workspace_id: str, campaign_id: str | None, channel: str
) -> Callable[[], UUID | None]:
    """Return a function that tells who answers the lead, asked only if a filter needs it."""

    def speaks() -> UUID | None:
        return speaker_of(
            roster,
            workspace_id,
            campaign_id=campaign_id,
            sequence_persona_id=None,
            channel=channel,
        ).persona_id

    return speaks


def _passes(
    trigger: Trigger,
    item: Occurrence,
    campaign_id: str | None,
    speaks: Callable[[], UUID | None],
) -> bool:
    return (
        (not trigger.campaign_ids or campaign_id in trigger.campaign_ids)
        and (not trigger.outcomes or item.outcome in trigger.outcomes)
        and (not trigger.first_reply_only or item.is_first_reply)
        and (trigger.persona_id is None or speaks() == trigger.persona_id)
    )


def _first(
    target: SavedSequence,
    lead_id: str,
    campaign_id: str | None,
    known: KnownLead,
    settings: FollowupSettings,
    now: datetime,
) -> Instance:
    when = calendar(target.sequence, settings, known.profile)
    return Instance(
        instance_id=new_id(),
        workspace_id=target.workspace_id,
        sequence_id=target.sequence_id,
        sequence_version=target.version,
        lead_id=lead_id,
        campaign_id=campaign_id or known.campaign_id,
        state=State.ACTIVE,
        step=FIRST_STEP,
        awaiting_answer=False,
        next_at=when.due(target.sequence.steps[0].delay, now),
        reason=None,
        detail=None,
        codes=(),
        started_at=now,
    )


def _refuse(
    wanted: Sequence[Starting],
    refused: set[str],
    kind: type[LeadSuppressedError | InstanceLiveError],
    why: str,
) -> None:
    errors = [
        FieldError(f"leads.{index}.lead_id", why)
        for index, item in enumerate(wanted)
        if item.lead_id in refused
    ]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise kind(
            f"{errors[0].field} {why}{more}; `skip_unavailable: true` starts the others",
            errors=errors,
        )
