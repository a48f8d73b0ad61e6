"""Puts replies that arrive over HTTP onto the stream CRM."""

import hashlib

from nats.aio.client import Client
from nats.errors import Error as NatsError
from opentelemetry import propagate
from persona_contracts import LeadRepliedV1, Received, encode_headers, subject_for
from service_kit.publishing import Message, send_one

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
        event = received.event
        identity = "|".join(
            (event.event_type, event.workspace_id, received.source, received.event_id)
        )
        headers = encode_headers(
            event, event_id=received.event_id, source=received.source, time=event.received_at
        )
        propagate.inject(headers)
        message = Message(
            subject=subject_for(event),
            body=event.model_dump_json(exclude_unset=True).encode(),
            headers=headers | {"Nats-Msg-Id": hashlib.sha256(identity.encode()).hexdigest()},
        )
        try:
            await send_one(self._connection, message)
        except (NatsError, TimeoutError) as error:
            raise BrokerAwayError("The broker did not confirm the reply.") from error
