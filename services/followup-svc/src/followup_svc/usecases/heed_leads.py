"""Heed what leads do: a reply stops or pauses, an outcome ends, either may start a sequence."""

from collections.abc import Collection, Sequence

from persona_client import Roster
from persona_contracts import LeadOutcomeV1, LeadRepliedV1, Outcome, Received
from service_kit.store import Session, database_now

from followup_svc.adapters import instances, leads
from followup_svc.adapters.instances import Change, Note
from followup_svc.adapters.leads import Key
from followup_svc.adapters.sequences import SequenceVersions
from followup_svc.domain.instance import Reason, State
from followup_svc.domain.sequence import OnReply
from followup_svc.usecases.start_instances import Occurrence, start_triggered
from followup_svc.usecases.store_changes import store_changes

UNSUBSCRIBED = "unsubscribed"


async def heed_replies(
    session: Session,
    batch: Sequence[Received[LeadRepliedV1]],
    versions: SequenceVersions,
    roster: Roster,
) -> None:
    """Refresh the leads, stop or pause what they have answered, start what waits for a reply.

    A reply concerns only instances that were started before it was received (events.md §2).

    Raises:
        PersonasUnknownError: try again later.
    """
    ordered = sorted(batch, key=lambda item: item.event.received_at)
    replies = [item.event for item in ordered]
    before = await leads.lock(session, {_key(reply) for reply in replies})
    first = {key: found.first_message_id for key, found in before.items()}
    for reply in replies:
        first[_key(reply)] = first[_key(reply)] or reply.message_id
    await leads.refresh(
        session,
        [(_key(reply), reply.lead, reply.received_at, reply.campaign_id) for reply in replies],
    )
    await leads.note_replies(session, replies)
    fresh = [r for r in replies if r.message_id != before[_key(r)].last_message_id]
    await _stop_or_pause(session, fresh, versions)
    await start_triggered(
        session,
        LeadRepliedV1.event_type,
        [
            Occurrence(
                workspace_id=reply.workspace_id,
                lead_id=reply.lead_id,
                campaign_id=reply.campaign_id,
                channel=reply.channel.value,
                at=reply.received_at,
                trigger_id=reply.message_id,
                outcome=None,
                is_first_reply=first[_key(reply)] == reply.message_id,
                traceparent=item.traceparent,
            )
            for item in ordered
            for reply in [item.event]
        ],
        roster,
    )


async def heed_outcomes(
    session: Session, batch: Sequence[Received[LeadOutcomeV1]], roster: Roster
) -> None:
    """Stop everything for leads that unsubscribed; start what waits for an outcome.

    Raises:
        PersonasUnknownError: try again later.
    """
    ordered = sorted(batch, key=lambda item: item.event.occurred_at)
    outcomes = [item.event for item in ordered]
    await leads.lock(session, {_key(event) for event in outcomes})
    gone = {_key(event) for event in outcomes if event.outcome is Outcome.UNSUBSCRIBED}
    if gone:
        await suppress(session, gone, reason=UNSUBSCRIBED, by=LeadOutcomeV1.event_type)
    await start_triggered(
        session,
        LeadOutcomeV1.event_type,
        [
            Occurrence(
                workspace_id=event.workspace_id,
                lead_id=event.lead_id,
                campaign_id=event.campaign_id,
                channel=None,
                at=event.occurred_at,
                trigger_id=event.default_event_id,
                outcome=event.outcome,
                is_first_reply=False,
                traceparent=item.traceparent,
            )
            for item in ordered
            for event in [item.event]
        ],
        roster,
    )


async def suppress(session: Session, keys: Collection[Key], *, reason: str, by: str) -> None:
    """Put locked leads onto the suppression list, and stop all that is on its way to them."""
    await leads.suppress(session, sorted(keys), reason, by)
    note = Note(what="stopped", by=by, detail=reason)
    stopped: list[Change] = [
        (item.stopped(Reason.UNSUBSCRIBED), note)
        for item in await instances.lock_live_of_leads(session, keys)
    ]
    await store_changes(session, stopped, await database_now(session))


async def _stop_or_pause(
    session: Session, replies: Sequence[LeadRepliedV1], versions: SequenceVersions
) -> None:
    if not replies:
        return
    newest = {_key(reply): reply for reply in replies}
    live = await instances.lock_live_of_leads(session, newest)
    said = await versions.get(session, {(i.sequence_id, i.sequence_version) for i in live})
    changes: list[Change] = []
    for item in live:
        reply = newest[item.workspace_id, item.lead_id]
        sequence = said[item.sequence_id, item.sequence_version]
        if not sequence.stop_on_reply or item.started_at >= reply.received_at:
            continue
        if sequence.on_reply is OnReply.STOP:
            note = Note(what="stopped", by=LeadRepliedV1.event_type)
            changes.append((item.stopped(Reason.REPLIED), note))
        elif item.state is State.ACTIVE:
            note = Note(what="paused", by=LeadRepliedV1.event_type)
            detail = "The lead has replied: answer it, then resume or stop."
            changes.append((item.paused(Reason.REPLIED, detail), note))
    await store_changes(session, changes, await database_now(session))


def _key(event: LeadRepliedV1 | LeadOutcomeV1) -> Key:
    return event.workspace_id, event.lead_id
