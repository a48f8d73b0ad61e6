"""What a lead did: it replied, or an outcome was reported."""

from dataclasses import dataclass
from datetime import datetime

from persona_contracts.types import Channel, ReplyKind

from followup_svc.domain.lead import LeadKey
from followup_svc.domain.sequence import Sequence, TriggerEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadEvent:
    """A reply, or an outcome."""

    event: TriggerEvent
    key: LeadKey
    at: datetime
    campaign_id: str | None
    channel: Channel | None
    """Of a reply."""
    trigger_id: str
    """Names the event: it starts a sequence for the lead once."""
    outcome: str | None = None
    is_first_reply: bool = False
    is_repeat: bool = False
    """The lead's newest reply, which was handled before."""
    may_follow: datetime | None = None
    """A reply answers what was started before; later than `at` where the CRM's clock is behind."""
    kind: ReplyKind = ReplyKind.REPLY
    """Of a reply: who wrote it."""
    sign: str = ""
    """What tells that nobody wrote it."""
    is_permanent: bool = False
    """Of a bounce: nothing that is sent there will arrive."""
    traceparent: str | None = None
    correlation_id: str | None = None

    @property
    def answers_until(self) -> datetime:
        """What was started before this may be answered by it, by our clock."""
        return self.may_follow or self.at

    def triggers(self, sequence: Sequence, campaign_id: str | None) -> bool:
        """Return whether it starts `sequence` for a lead of this campaign, whoever speaks.

        An event from before the trigger was saved starts nothing.
        """
        trigger = sequence.definition.trigger
        return (
            trigger is not None
            and trigger.event == self.event
            and self.kind is ReplyKind.REPLY
            and self.at >= sequence.trigger_saved_at
            and (not trigger.campaign_ids or campaign_id in trigger.campaign_ids)
            and (not trigger.outcomes or self.outcome in trigger.outcomes)
            and (not trigger.first_reply_only or self.is_first_reply)
        )
