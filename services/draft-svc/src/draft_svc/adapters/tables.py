"""The table: drafts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leased
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class DraftRow(Leased):
    """A reply and the draft that answers it, one per (workspace, message); as work: to be written.

    A row that is `queued` and has a lease is shown as `generating`.
    """

    __tablename__ = "draft"

    draft_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    lead_id: Mapped[str]
    campaign_id: Mapped[str | None]
    channel: Mapped[str]
    received_at: Mapped[datetime]
    reply: Mapped[dict[str, Any]]
    correlation_id: Mapped[str | None]
    """Of the reply; older code leaves it null."""
    status: Mapped[str]
    subject: Mapped[str | None]
    body: Mapped[str | None]
    generated_body: Mapped[str | None]
    signature: Mapped[str | None]
    text: Mapped[str | None]
    citations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    knowledge: Mapped[str | None]
    resolution: Mapped[dict[str, Any] | None]
    model: Mapped[str | None]
    strategy: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    last_error: Mapped[dict[str, Any] | None]
    """Why the last attempt gave no draft, if there is to be another."""
    edit_distance: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
