"""Subscribers: one short function per event."""

from collections.abc import Sequence
from typing import Any

from persona_contracts import LeadRepliedV1, Received
from service_kit.clock import utc_now
from service_kit.consumer import Subscription
from service_kit.store import Session

from draft_svc.usecases.accept_reply import accept_replies


async def on_lead_replied(session: Session, batch: Sequence[Received[LeadRepliedV1]]) -> None:
    """Queue one draft per reply."""
    await accept_replies(session, batch, utc_now)


SUBSCRIPTIONS: list[Subscription[Any]] = [
    Subscription(model=LeadRepliedV1, durable="on_lead_replied", handle=on_lead_replied),
]
