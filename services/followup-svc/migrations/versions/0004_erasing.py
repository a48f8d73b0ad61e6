"""Sequences wait for a deleted persona; what is kept of it, a lead or a workspace can be erased.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from service_kit.migrations import kit_tables_v2, protect

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    kit_tables_v2()
    op.create_table(
        "persona_mark",
        sa.Column("workspace_id", sa.String(64), primary_key=True),
        sa.Column("persona_id", sa.Uuid(), primary_key=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
    )
    protect("persona_mark")
