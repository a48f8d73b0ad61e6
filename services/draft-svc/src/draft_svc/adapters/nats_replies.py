"""Puts replies that arrive over HTTP onto the stream CRM."""

import json

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import PubAck
from nats.js.errors import NotFoundError
from persona_contracts import LeadRepliedV1, Received
from service_kit.publishing import crm_message, store_one

from draft_svc.domain.reply import BrokerAwayError, require_same_words


class NatsReplies:
    """The stream CRM, over a connection to the broker."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection

    async def store(self, received: Received[LeadRepliedV1]) -> bool:
        """Return once the broker has the reply on disk; False: it had it, within 2 minutes.

        Raises:
            MessageIdReusedError: what it had says something else.
            BrokerAwayError: it may or may not be stored; sending it again is safe.
        """
        try:
            message = crm_message(received, received.event.received_at)
            stored = await store_one(self._connection, message)
            if stored.duplicate:
                await self._require_repeat(stored, received.event)
        except (NatsError, TimeoutError) as error:
            raise BrokerAwayError("The broker did not confirm the reply.") from error
        return not stored.duplicate

    async def _require_repeat(self, stored: PubAck, reply: LeadRepliedV1) -> None:
        """Compare with the reply that the broker had before."""
        try:
            js = self._connection.jetstream()  # pyright: ignore[reportUnknownMemberType]
            before = await js.get_msg(stored.stream, stored.seq)
        except NotFoundError:  # it was removed meanwhile
            return
        require_same_words(
            reply.message_id, json.loads(before.data or b"{}"), reply.model_dump(mode="json")
        )
