"""All rows of voice-svc."""

from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.leases import Leased
from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class AgentRow(Leased):
    """The agent of a persona; as work: to be brought into step with it."""

    __tablename__ = "agent"

    persona_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    drift: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    wanted_revision: Mapped[int] = mapped_column(BigInteger)
    secret_id: Mapped[str | None]
    tool_id: Mapped[str | None]
    agent_id: Mapped[str | None]
    tool_secret_sha256: Mapped[bytes | None]
    wanted_hash: Mapped[str | None]
    observed_hash: Mapped[str | None]
    template_version: Mapped[int | None]
    revision: Mapped[int | None] = mapped_column(BigInteger)
    running_since: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
