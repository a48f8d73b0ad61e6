"""Record outcomes of leads: who has unsubscribed is not written to any more."""

from collections.abc import Collection

from persona_contracts import LeadOutcomeV1, Outcome, Received
from service_kit.store import Session

from followup_svc.adapters import leads
from followup_svc.domain.lead import LeadKey
from followup_svc.domain.lead_event import LeadEvent
from followup_svc.usecases.suppress_leads import suppress_leads

UNSUBSCRIBED = "unsubscribed"


async def record_outcomes(
    session: Session, batch: Collection[Received[LeadOutcomeV1]]
) -> list[LeadEvent]:
    """Lock the leads, suppress those that unsubscribed; return the outcomes, oldest first."""
    ordered = sorted(batch, key=lambda item: item.event.occurred_at)
    await leads.lock_all(session, {_key(item.event) for item in ordered})
    unsubscribed = {
        _key(item.event) for item in ordered if item.event.outcome is Outcome.UNSUBSCRIBED
    }
    if unsubscribed:
        await suppress_leads(session, unsubscribed, reason=UNSUBSCRIBED, by="lead.outcome")
    return [
        LeadEvent(
            event="lead.outcome",
            key=_key(item.event),
            at=item.event.occurred_at,
            campaign_id=item.event.campaign_id,
            channel=None,
            trigger_id=item.event.default_event_id,
            outcome=item.event.outcome,
            traceparent=item.traceparent,
            correlation_id=item.correlation_id,
        )
        for item in ordered
    ]


def _key(event: LeadOutcomeV1) -> LeadKey:
    return LeadKey(event.workspace_id, event.lead_id)
