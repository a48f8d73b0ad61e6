"""What a lead says: `lead.replied`."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, FailFast, Field, JsonValue, model_validator

from persona_contracts.event import CrmEvent, Document
from persona_contracts.types import Channel, ExternalId, JsonObject, SubjectId, Text, UtcTime

_WORDS = ("body_text", "body_html", "raw_email")


def _one_of(*names: str) -> list[JsonValue]:
    return [{"required": [name], "properties": {name: {"type": "string"}}} for name in names]


class Lead(Document):
    """What the CRM knows about the person who replied."""

    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    company: Text | None = None
    time_zone: Text | None = None
    attributes: JsonObject = Field(default_factory=dict)


class ThreadMessage(Document):
    """One earlier message of the conversation."""

    author: Literal["lead", "us"]
    body: Text
    sent_at: UtcTime


class LeadRepliedV1(CrmEvent):
    """A lead answered. One of `body_text`, `body_html`, `raw_email` carries the words."""

    model_config = ConfigDict(json_schema_extra={"anyOf": _one_of(*_WORDS)})
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
    """The whole message as text, headers included (RFC 5322)."""
    in_reply_to: ExternalId | None = None
    lead: Lead = Field(default_factory=Lead)
    # One body can hold 250,000 wrong items, and listing them all takes over a second.
    thread: Annotated[list[ThreadMessage], FailFast()] = Field(default_factory=list[ThreadMessage])
    """Earlier messages, oldest first."""

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if self.body_text is None and self.body_html is None and self.raw_email is None:
            raise ValueError(f"one of {', '.join(_WORDS)} is required")
        return self

    @property
    def entity_id(self) -> str:
        """The lead."""
        return self.lead_id

    @property
    def default_event_id(self) -> str:
        """The message's id."""
        return self.message_id
