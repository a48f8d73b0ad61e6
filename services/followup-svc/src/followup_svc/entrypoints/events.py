"""Subscribers: one short function per event."""

from persona_contracts import (
    CampaignRemovedV1,
    CampaignSyncedV1,
    LeadErasedV1,
    LeadOutcomeV1,
    LeadRepliedV1,
    MessageFailedV1,
    MessageSentV1,
    PersonaDeletedV1,
    PersonaErasedV1,
    PersonaUndeletedV1,
    WorkspaceErasedV1,
)
from service_kit.erasure import not_erased, subscribe_erasures
from service_kit.events import Batch, EventRouter
from service_kit.store import Session

from followup_svc.deps import FollowupDeps
from followup_svc.usecases.apply_send_results import apply_send_results
from followup_svc.usecases.pause_for_persona import pause_for_persona
from followup_svc.usecases.postpone_on_auto_reply import postpone_on_auto_reply
from followup_svc.usecases.record_campaigns import record_campaigns
from followup_svc.usecases.record_outcomes import record_outcomes
from followup_svc.usecases.record_replies import record_replies
from followup_svc.usecases.resume_for_persona import resume_for_persona
from followup_svc.usecases.start_triggered import start_triggered
from followup_svc.usecases.stop_on_bounce import stop_on_bounce
from followup_svc.usecases.stop_on_reply import stop_on_reply

SENT_BATCH = 250
"""They are short, and after a morning's campaign there are many (ADR 0015)."""

events = EventRouter[FollowupDeps]("followup-svc")


@events.subscriber(LeadRepliedV1, durable="on_lead_replied")
async def on_lead_replied(
    session: Session, batch: Batch[LeadRepliedV1], deps: FollowupDeps
) -> None:
    """Stop, pause, postpone or start the lead's sequences."""
    batch = await not_erased(session, batch, lambda event: event.received_at)
    replies = await record_replies(session, batch)
    await stop_on_reply(session, replies, deps.versions)
    await postpone_on_auto_reply(session, replies, deps.versions)
    await stop_on_bounce(session, replies)
    await start_triggered(session, "lead.replied", replies, deps.roster)


@events.subscriber(LeadOutcomeV1, durable="on_lead_outcome")
async def on_lead_outcome(
    session: Session, batch: Batch[LeadOutcomeV1], deps: FollowupDeps
) -> None:
    """Stop everything for leads that unsubscribed; start what waits for an outcome."""
    batch = await not_erased(session, batch, lambda event: event.occurred_at)
    outcomes = await record_outcomes(session, batch)
    await start_triggered(session, "lead.outcome", outcomes, deps.roster)


@events.subscriber(MessageSentV1, durable="on_message_sent", batch=SENT_BATCH)
async def on_message_sent(
    session: Session, batch: Batch[MessageSentV1], deps: FollowupDeps
) -> None:
    """Go on with the next step."""
    answers = [item.event for item in batch]
    await apply_send_results(session, answers, deps.versions, deps.settings.retry_delays_seconds)


@events.subscriber(MessageFailedV1, durable="on_message_failed")
async def on_message_failed(
    session: Session, batch: Batch[MessageFailedV1], deps: FollowupDeps
) -> None:
    """Try again later, or pause."""
    answers = [item.event for item in batch]
    await apply_send_results(session, answers, deps.versions, deps.settings.retry_delays_seconds)


@events.subscriber(CampaignSyncedV1, durable="on_campaign_synced")
async def on_campaign_synced(
    session: Session, batch: Batch[CampaignSyncedV1], _: FollowupDeps
) -> None:
    """Know the names and booking links of campaigns."""
    batch = await not_erased(session, batch, lambda event: event.updated_at)
    await record_campaigns(session, [item.event for item in batch])


@events.subscriber(CampaignRemovedV1, durable="on_campaign_removed")
async def on_campaign_removed(
    session: Session, batch: Batch[CampaignRemovedV1], _: FollowupDeps
) -> None:
    """Forget campaigns that are gone."""
    batch = await not_erased(session, batch, lambda event: event.updated_at)
    await record_campaigns(session, [item.event for item in batch])


@events.subscriber(PersonaDeletedV1, durable="on_persona_deleted")
async def on_persona_deleted(
    session: Session, batch: Batch[PersonaDeletedV1], _: FollowupDeps
) -> None:
    """Pause what the personas were to send."""
    for item in batch:
        await pause_for_persona(session, item.event)


@events.subscriber(PersonaUndeletedV1, durable="on_persona_undeleted")
async def on_persona_undeleted(
    session: Session, batch: Batch[PersonaUndeletedV1], deps: FollowupDeps
) -> None:
    """Let go on what waited for the personas."""
    for item in batch:
        await resume_for_persona(session, item.event, deps.versions)


subscribe_erasures(events, PersonaErasedV1, LeadErasedV1, WorkspaceErasedV1)
