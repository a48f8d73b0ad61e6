"""What the CRM says of a message it was asked to send: `message.sent` and `message.failed`."""

from typing import Annotated, ClassVar

from pydantic import Field

from persona_contracts.event import CrmEvent
from persona_contracts.types import ExternalId, Text, UtcTime

Attempt = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Counts the requests to send one message, from 1."""


class _MessageEvent(CrmEvent):
    request_id: ExternalId
    """That of the `followup.send_requested` which this answers."""
    attempt: Attempt

    @property
    def entity_id(self) -> str:
        """The request."""
        return self.request_id

    @property
    def default_event_id(self) -> str:
        """`request_id@attempt`."""
        return f"{self.request_id}@{self.attempt}"


class MessageSentV1(_MessageEvent):
    """The message is on its way to the lead."""

    event_type: ClassVar[str] = "message.sent"

    provider_message_id: ExternalId | None = None
    sent_at: UtcTime


class MessageFailedV1(_MessageEvent):
    """The message was not sent; unless `permanent`, it is worth another attempt."""

    event_type: ClassVar[str] = "message.failed"

    error: Text
    """The vendor's words, for people."""
    permanent: bool
