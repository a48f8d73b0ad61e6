"""Forward replies that came over HTTP to the stream of replies."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from persona_contracts import LeadRepliedV1, Received

from draft_svc.usecases.ports import Replies


async def forward_replies(
    replies: Replies,
    received: Sequence[Received[LeadRepliedV1]],
    *,
    at_least_revision: int | None,
) -> list[bool]:
    """Return once all are on disk, with the revision that their personas are chosen at, if given.

    The revision goes into the events, because another process may choose. False stands for a reply
    that was on disk before.

    Raises:
        MessageIdReusedError: the words of one are not those that were on disk before.
        BrokerAwayError: each may or may not be stored; sending them again is safe.
    """
    if at_least_revision is not None:
        received = [_at_least(item, at_least_revision) for item in received]
    return await asyncio.gather(*(replies.store(item) for item in received))


def _at_least(received: Received[LeadRepliedV1], revision: int) -> Received[LeadRepliedV1]:
    event = received.event.model_copy(update={"at_least_revision": revision})
    return replace(received, event=event)
