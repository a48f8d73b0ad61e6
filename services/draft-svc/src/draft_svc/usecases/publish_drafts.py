"""Publish what happened to drafts."""

from collections.abc import Iterable

from persona_contracts.event import OwnEvent
from service_kit.outbox import publish
from service_kit.store import Session

from draft_svc.adapters.erasing import BlankedDraft
from draft_svc.domain.draft import Draft, Superseded


async def publish_drafts(
    session: Session, events: Iterable[OwnEvent], of: Iterable[Draft | Superseded | BlankedDraft]
) -> None:
    """Put events of these drafts into the outbox, each with the correlation of its reply."""
    causes = {str(draft.draft_id): draft.correlation_id for draft in of}
    await publish(session, *events, causes=causes)
