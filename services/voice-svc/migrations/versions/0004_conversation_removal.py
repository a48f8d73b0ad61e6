"""Calls that were erased here, and whose copies at the vendor's are to be deleted.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import index_due, protect

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "conversation_removal",
        sa.Column("removal_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(64), nullable=False),
        sa.Column("persona_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("traceparent", sa.Text()),
        sa.UniqueConstraint("workspace_id", "conversation_id"),
    )
    op.create_index(
        "conversation_removal_persona_idx", "conversation_removal", ["workspace_id", "persona_id"]
    )
    index_due("conversation_removal")
    protect("conversation_removal")
