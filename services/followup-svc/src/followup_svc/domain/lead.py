"""What is known of a lead, and whether it may be written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from service_kit.errors import ConflictError, NotFoundError

from followup_svc.domain.address import fold_address
from followup_svc.domain.message import LastMessage


class SuppressionNotFoundError(NotFoundError):
    """There is no such suppression in this workspace."""

    slug = "suppression-not-found"


class LeadSuppressedError(ConflictError):
    """The lead, or its e-mail address, must not be written to."""

    slug = "lead-suppressed"


class LeadKey(NamedTuple):
    """A lead of a workspace."""

    workspace_id: str
    lead_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLead:
    """A lead as templates see it."""

    profile: Mapping[str, Any]
    campaign_id: str | None
    last_email: LastMessage | None

    @property
    def address(self) -> str | None:
        """Its e-mail address, folded; None: not known."""
        email = self.profile.get("email")
        return fold_address(email) if isinstance(email, str) else None


UNKNOWN_LEAD = KnownLead(profile={}, campaign_id=None, last_email=None)
SAMPLE_LEAD: Mapping[str, Any] = {
    "first_name": "?",
    "last_name": "?",
    "email": "?",
    "phone": "?",
    "company": "?",
}
"""The profile of a lead that has every field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadUpdate:
    """What an event, or a person, tells of a lead."""

    key: LeadKey
    fields: Mapping[str, Any]
    """Only those that are given; null: the value is gone."""
    at: datetime
    campaign_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReplies:
    """Which replies of a lead were known before."""

    first_message_id: str | None
    last_message_id: str | None
    last_reply_at: datetime | None

    def is_newest(self, at: datetime, *, now: datetime) -> bool:
        """Return whether a reply of `at` is not older; one that is known of the future is none."""
        last = self.last_reply_at
        return last is None or last <= at or last > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Who must not be written to: a lead, its e-mail addresses, or both."""

    suppression_id: UUID
    workspace_id: str
    lead_id: str | None
    addresses: tuple[str, ...]
    """Folded: whichever lead has one of them is suppressed, too."""
    reason: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftedSuppression:
    """A suppression that an admin has lifted, and why."""

    suppression: Suppression
    reason: str
    lifted_by: str
    lifted_at: datetime
