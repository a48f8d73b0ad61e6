"""What a lead says: `lead.replied`."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from persona_contracts.event import CrmEvent, Document
from persona_contracts.types import Channel, ExternalId, SubjectId, Text, UtcTime


class Lead(Document):
    """What the CRM knows about the person who replied."""

    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    company: Text | None = None
    time_zone: Text | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)


class ThreadMessage(Document):
    """One earlier message of the conversation."""

    author: Literal["lead", "us"]
    body: Text
    sent_at: UtcTime


class LeadRepliedV1(CrmEvent):
    """A lead answered. One of `body_text`, `body_html`, `raw_email` carries the words."""

    event_type: ClassVar[str] = "lead.replied"

    message_id: ExternalId
    lead_id: ExternalId
    channel: Channel
    received_at: UtcTime
    campaign_id: SubjectId | None = None
    sequence_id: ExternalId | None = None
    subject: Text | None = None
    body_text: Text | None = None
    body_html: Text | None = None
    raw_email: Text | None = None
    in_reply_to: ExternalId | None = None
    lead: Lead = Field(default_factory=Lead)
    thread: list[ThreadMessage] = Field(default_factory=list[ThreadMessage])
    """Earlier messages, oldest first."""

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if self.body_text is None and self.body_html is None and self.raw_email is None:
            raise ValueError("one of body_text, body_html, raw_email is required")
        return self

    @property
    def entity_id(self) -> str:
        """The lead."""
        return self.lead_id

    @property
    def default_event_id(self) -> str:
        """The message's id."""
        return self.message_id
