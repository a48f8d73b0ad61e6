"""The kit's tables, and the agents of personas.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import index_due, kit_tables_v1, kit_tables_v2, protect
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

STATES = ("not_configured", "creating", "ready", "drifted", "failed", "quota", "deleting")


def time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True))


def upgrade() -> None:
    kit_tables_v1()
    kit_tables_v2()
    op.create_table(
        "agent",
        sa.Column("persona_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", JSONB()),
        sa.Column("drift", JSONB(), nullable=False, server_default="[]"),
        sa.Column("wanted_revision", sa.BigInteger(), nullable=False),
        sa.Column("secret_id", sa.Text()),
        sa.Column("tool_id", sa.Text()),
        sa.Column("agent_id", sa.Text(), unique=True),
        sa.Column("tool_secret_sha256", sa.LargeBinary()),
        sa.Column("wanted_hash", sa.Text()),
        sa.Column("observed_hash", sa.Text()),
        sa.Column("template_version", sa.Integer()),
        sa.Column("revision", sa.BigInteger()),
        time("running_since"),
        time("checked_at"),
        time("changed_at"),
        time("due_at"),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("traceparent", sa.Text()),
        sa.CheckConstraint(f"state in {STATES}", name="state"),
    )
    op.create_index("agent_list_idx", "agent", ["workspace_id", "persona_id"])
    index_due("agent")
    protect("agent")
