"""Drafts.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import kit_tables_v1, protect
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

NOW = sa.text("now()")


def upgrade() -> None:
    kit_tables_v1()
    op.create_table(
        "draft",
        sa.Column("draft_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.String(64)),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply", JSONB(), nullable=False),
        sa.Column("traceparent", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("subject", sa.Text()),
        sa.Column("body", sa.Text()),
        sa.Column("signature", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("citations", JSONB(), nullable=False, server_default="[]"),
        sa.Column("knowledge", sa.Text()),
        sa.Column("resolution", JSONB()),
        sa.Column("model", sa.Text()),
        sa.Column("strategy", JSONB()),
        sa.Column("usage", JSONB()),
        sa.Column("error", JSONB()),
        sa.Column("edit_distance", sa.Integer()),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text()),
        sa.UniqueConstraint("workspace_id", "message_id"),
        sa.CheckConstraint(
            "status in ('queued', 'ready', 'failed', 'approved', 'rejected', 'superseded')",
            name="status",
        ),
        sa.CheckConstraint("knowledge in ('used', 'none', 'unavailable')", name="knowledge"),
        sa.CheckConstraint("status <> 'ready' or text is not null", name="ready_has_text"),
    )
    op.create_index(
        "draft_due_idx",
        "draft",
        ["workspace_id", "due_at"],
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_index("draft_lead_idx", "draft", ["workspace_id", "lead_id", "received_at"])
    op.create_index("draft_status_idx", "draft", ["workspace_id", "status", "draft_id"])
    op.create_index("draft_campaign_idx", "draft", ["workspace_id", "campaign_id", "draft_id"])
    protect("draft")
