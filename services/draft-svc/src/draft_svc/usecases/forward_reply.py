"""Forward a reply that came over HTTP to the stream of replies."""

from dataclasses import replace

from persona_contracts import LeadRepliedV1, Received

from draft_svc.usecases.ports import Replies


async def forward_reply(
    replies: Replies, received: Received[LeadRepliedV1], *, at_least_revision: int | None
) -> None:
    """Return once the reply is on disk, with the revision that its persona is chosen at, if given.

    The revision goes into the event, because another process may choose.

    Raises:
        BrokerAwayError: it may or may not be stored; sending it again is safe.
    """
    if at_least_revision is not None:
        event = received.event.model_copy(update={"at_least_revision": at_least_revision})
        received = replace(received, event=event)
    await replies.store(received)
