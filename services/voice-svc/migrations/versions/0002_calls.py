"""Calls, and which revision of a persona an agent ran when.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import protect
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "agent_revision",
        sa.Column("agent_id", sa.Text(), primary_key=True),
        sa.Column("revision", sa.BigInteger(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column(
            "since", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
    )
    op.create_index("agent_revision_persona_idx", "agent_revision", ["workspace_id", "persona_id"])
    protect("agent_revision")
    op.create_table(
        "call",
        sa.Column("call_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text()),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Integer()),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("transcript", JSONB(), nullable=False),
        sa.Column("citations", JSONB(), nullable=False),
        sa.UniqueConstraint("workspace_id", "conversation_id"),
    )
    op.create_index("call_list_idx", "call", ["workspace_id", "call_id"])
    op.create_index("call_persona_idx", "call", ["workspace_id", "persona_id", "call_id"])
    op.create_index("call_lead_idx", "call", ["workspace_id", "lead_id", "call_id"])
    protect("call")
