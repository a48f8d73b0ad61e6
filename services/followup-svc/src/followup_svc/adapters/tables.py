"""All rows of followup-svc.

What is due has its own table: a claim and its end touch a narrow row with two indexes, and
the updates of an instance touch no index at all.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leased
from service_kit.store import Base, OwnedByWorkspace
from sqlalchemy import BigInteger, String, Text, func, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column


class SequenceRow(OwnedByWorkspace, Base):
    """A sequence at its newest version; its `version` is its ETag."""

    __tablename__ = "sequence"

    sequence_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int]
    definition: Mapped[dict[str, Any]]
    trigger_event: Mapped[str | None]
    trigger_saved_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class SequenceVersionRow(OwnedByWorkspace, Base):
    """One version of a sequence; it never changes."""

    __tablename__ = "sequence_version"

    sequence_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]


class InstanceRow(OwnedByWorkspace, Base):
    """One lead's way through one version of a sequence."""

    __tablename__ = "instance"

    instance_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence_id: Mapped[UUID]
    sequence_version: Mapped[int]
    lead_id: Mapped[str]
    campaign_id: Mapped[str | None]
    state: Mapped[str]
    step: Mapped[int]
    awaiting_answer: Mapped[bool]
    next_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    codes: Mapped[list[str]]
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    started_by: Mapped[str]
    trigger_id: Mapped[str | None]
    correlation_id: Mapped[str | None]
    """Of what started it; older code leaves it null."""
    started_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class InstanceDueRow(Leased):
    """When there is something to do for an active instance."""

    __tablename__ = "instance_due"

    instance_id: Mapped[UUID] = mapped_column(primary_key=True)


class SendRequestRow(OwnedByWorkspace, Base):
    """A step that was requested from the CRM at least once."""

    __tablename__ = "step"

    instance_id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column("number", primary_key=True)
    request_id: Mapped[UUID]
    attempt: Mapped[int]
    status: Mapped[str]
    channel: Mapped[str]
    subject: Mapped[str | None]
    text: Mapped[str]
    in_reply_to: Mapped[str | None]
    resolution: Mapped[dict[str, Any]]
    event_id: Mapped[UUID]
    requested_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    provider_message_id: Mapped[str | None]
    error: Mapped[str | None]
    failures: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class LeadRow(OwnedByWorkspace, Base):
    """A lead, as the CRM last told of it."""

    __tablename__ = "lead"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lead_id: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[dict[str, Any]] = mapped_column(default=dict)
    profile_at: Mapped[datetime | None]
    campaign_id: Mapped[str | None]
    campaign_at: Mapped[datetime | None]
    """When the campaign was named: an earlier event, though it comes later, does not replace it."""
    first_message_id: Mapped[str | None]
    last_message_id: Mapped[str | None]
    last_reply_at: Mapped[datetime | None]
    last_email_id: Mapped[str | None]
    last_email_subject: Mapped[str | None]


class SuppressionRow(OwnedByWorkspace, Base):
    """A lead, or addresses, that must not be written to."""

    __tablename__ = "suppression"

    suppression_id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[str | None]
    addresses: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LiftedSuppressionRow(OwnedByWorkspace, Base):
    """A suppression that was lifted."""

    __tablename__ = "lifted_suppression"

    suppression_id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[str | None]
    addresses: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    lift_reason: Mapped[str]
    lifted_by: Mapped[str]
    lifted_at: Mapped[datetime]


class FollowupSettingsRow(OwnedByWorkspace, Base):
    """The settings of a workspace that has saved them."""

    __tablename__ = "followup_settings"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    time_zone: Mapped[str]
    send_window: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    booking_link: Mapped[str | None]
    answer_timeout_seconds: Mapped[int]
    holidays: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    postpone_on_auto_reply: Mapped[bool] = mapped_column(server_default=true())
    version: Mapped[int]


class CampaignRow(OwnedByWorkspace, Base):
    """A campaign as last synced."""

    __tablename__ = "synced_campaign"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str | None]
    booking_link: Mapped[str | None]
    removed: Mapped[bool]
    updated_at: Mapped[datetime]


class PersonaMarkRow(OwnedByWorkspace, Base):
    """Whether a persona is deleted, or was and is back, by the newest event about it."""

    __tablename__ = "persona_mark"

    workspace_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool]
