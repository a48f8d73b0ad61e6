"""Subscribers: one short function per event."""

from collections.abc import Sequence
from typing import Any

from persona_contracts import (
    LeadErasedV1,
    LeadRepliedV1,
    PersonaErasedV1,
    Received,
    WorkspaceErasedV1,
)
from service_kit.clock import utc_now
from service_kit.consumer import Subscription
from service_kit.erasure import queue_erasures
from service_kit.store import Session

from draft_svc.usecases.accept_reply import accept_replies


async def on_lead_replied(session: Session, batch: Sequence[Received[LeadRepliedV1]]) -> None:
    """Queue one draft per reply."""
    await accept_replies(session, batch, utc_now)


async def on_persona_erased(session: Session, batch: Sequence[Received[PersonaErasedV1]]) -> None:
    """Erase what was written in the voice of the personas."""
    await queue_erasures(session, batch)


async def on_lead_erased(session: Session, batch: Sequence[Received[LeadErasedV1]]) -> None:
    """Erase the leads."""
    await queue_erasures(session, batch)


async def on_workspace_erased(
    session: Session, batch: Sequence[Received[WorkspaceErasedV1]]
) -> None:
    """Erase the workspaces."""
    await queue_erasures(session, batch)


SUBSCRIPTIONS: list[Subscription[Any]] = [
    Subscription(model=LeadRepliedV1, durable="on_lead_replied", handle=on_lead_replied),
    Subscription(model=PersonaErasedV1, durable="on_persona_erased", handle=on_persona_erased),
    Subscription(model=LeadErasedV1, durable="on_lead_erased", handle=on_lead_erased),
    Subscription(
        model=WorkspaceErasedV1, durable="on_workspace_erased", handle=on_workspace_erased
    ),
]
