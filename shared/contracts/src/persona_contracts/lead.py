"""What a lead says, what comes of it, and its end: `lead.replied`, `.outcome`, `.erased`."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, FailFast, Field, JsonValue, model_validator

from persona_contracts.event import CrmEvent, Document
from persona_contracts.types import (
    Channel,
    Count,
    ExternalId,
    JsonObject,
    ReplyKind,
    SubjectId,
    Text,
    UtcTime,
    format_time,
    null_is_absent,
)

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
    attributes: Annotated[JsonObject, null_is_absent(dict, JsonObject | None)] = Field(
        default_factory=dict
    )


class ThreadMessage(Document):
    """One earlier message of the conversation."""

    author: Literal["lead", "us"]
    body: Text
    sent_at: UtcTime


class LeadRepliedV1(CrmEvent):
    """A lead answered. One of `body_text`, `body_html`, `raw_email` carries the words."""

    # Not at the top: generators would make a class of each alternative.
    model_config = ConfigDict(json_schema_extra={"allOf": [{"anyOf": _one_of(*_WORDS)}]})
    event_type: ClassVar[str] = "lead.replied"

    message_id: ExternalId
    lead_id: ExternalId
    channel: Channel
    received_at: UtcTime
    kind: ReplyKind | None = None
    """What the CRM knows it to be; null: the mail itself tells."""
    campaign_id: SubjectId | None = None
    sequence_id: ExternalId | None = None
    subject: Text | None = None
    body_text: Text | None = None
    body_html: Text | None = None
    raw_email: Text | None = None
    """The whole message as text, headers included (RFC 5322)."""
    in_reply_to: ExternalId | None = None
    at_least_revision: Count | None = None
    """Who answers speaks as the personas were at this revision of the workspace, or later."""
    lead: Annotated[Lead, null_is_absent(Lead, Lead | None)] = Field(default_factory=Lead)
    # One body can hold 250,000 wrong items, and listing them all takes over a second.
    thread: Annotated[
        list[ThreadMessage], FailFast(), null_is_absent(list, list[ThreadMessage] | None)
    ] = Field(default_factory=list[ThreadMessage])
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


class Outcome(StrEnum):
    """What came of the conversation with a lead."""

    POSITIVE = "positive"
    MEETING_BOOKED = "meeting_booked"
    CONVERTED = "converted"
    NEGATIVE = "negative"
    UNSUBSCRIBED = "unsubscribed"


class LeadOutcomeV1(CrmEvent):
    """The CRM has classified a lead; after `unsubscribed` nobody writes to it any more."""

    event_type: ClassVar[str] = "lead.outcome"

    lead_id: ExternalId
    outcome: Outcome
    occurred_at: UtcTime
    campaign_id: SubjectId | None = None
    draft_id: ExternalId | None = None
    request_id: ExternalId | None = None
    value: Count | None = None
    """What it is worth, in the smallest unit of the CRM's currency."""

    @property
    def entity_id(self) -> str:
        """The lead."""
        return self.lead_id

    @property
    def default_event_id(self) -> str:
        """`lead_id@outcome@occurred_at`, the time in UTC."""
        return f"{self.lead_id}@{self.outcome}@{format_time(self.occurred_at)}"


class LeadErasedV1(CrmEvent):
    """The CRM has erased a lead: whoever keeps something of it erases what is older than this."""

    event_type: ClassVar[str] = "lead.erased"

    lead_id: ExternalId
    erased_at: UtcTime

    @property
    def entity_id(self) -> str:
        """The lead."""
        return self.lead_id

    @property
    def default_event_id(self) -> str:
        """`lead_id@erased_at`, the time in UTC."""
        return f"{self.lead_id}@{format_time(self.erased_at)}"
