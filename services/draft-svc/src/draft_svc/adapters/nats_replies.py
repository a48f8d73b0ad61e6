"""Puts replies that arrive over HTTP onto the stream CRM."""

from nats.aio.client import Client
from nats.errors import Error as NatsError
from persona_contracts import LeadRepliedV1, Received
from service_kit.publishing import crm_message, send_one

from draft_svc.domain.reply import BrokerAwayError


class NatsReplies:
    """The stream CRM, over a connection to the broker."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection

    async def store(self, received: Received[LeadRepliedV1]) -> None:
        """Return once the broker has the reply on disk; a repeat within 2 minutes is dropped.

        Raises:
            BrokerAwayError: it may or may not be stored; sending it again is safe.
        """
        try:
            await send_one(self._connection, crm_message(received, received.event.received_at))
        except (NatsError, TimeoutError) as error:
            raise BrokerAwayError("The broker did not confirm the reply.") from error
